"""The approved template of a campaign, for chats in which free words may not go."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.settings import CampaignValues
from desk.canned.fill import fill_text
from desk.channels.tables import MessageTemplate
from desk.channels.templates import (
    TemplateMessage,
    fill_template,
    named_templates,
    variables_of,
)
from desk.errors import Invalid


async def campaign_templates(
    session: AsyncSession, values: CampaignValues
) -> dict[int, MessageTemplate]:
    """The campaign's template by channel, where it is approved and all of it can be filled."""
    if not values.template:
        return {}
    found = await named_templates(session, values.template, values.template_language)
    return {
        channel_id: template
        for channel_id, template in found.items()
        if not _missing(template, values)
    }


async def check_template(session: AsyncSession, values: CampaignValues) -> None:
    """Refuses a template with variables that nothing fills.

    Raises:
        Invalid: one has no value.
    """
    if not values.template:
        return
    for template in (
        await named_templates(session, values.template, values.template_language)
    ).values():
        for name in _missing(template, values):
            shown = "{{" + name.removeprefix("header.") + "}}"
            raise Invalid("template_values", "Preencha {variable} do modelo.", variable=shown)


def fill_for(
    template: MessageTemplate, values: CampaignValues, known: Mapping[str, str]
) -> TemplateMessage:
    """The template as somebody gets it; ``known``: what canned replies know of their chat.

    Raises:
        Invalid: a variable has no value.
    """
    filled = {name: fill_text(text, known).text for name, text in values.template_values.items()}
    return fill_template(template, filled)


def _missing(template: MessageTemplate, values: CampaignValues) -> list[str]:
    return [name for name in variables_of(template) if not values.template_values.get(name)]
