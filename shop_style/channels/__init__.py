"""Where pictures may go: marketplace, feed, own storefront, social networks."""
