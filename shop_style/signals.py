"""Signals a host may listen to.

`stage_started(sender=StyleVariant, pk, using, stage)`: a worker enters a stage of a render.
`variant_ready(sender=StyleVariant, pk, using)`: a variant was rendered and saved.
`variant_failed(sender=StyleVariant, pk, using, code)`: a variant failed for good.
`variant_published(sender=StyleVariant, variant)`: shoppers may see it from now on.
"""

from django.dispatch import Signal

stage_started = Signal()
variant_ready = Signal()
variant_failed = Signal()
variant_published = Signal()
