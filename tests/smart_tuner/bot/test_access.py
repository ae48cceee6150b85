"""Who is answered, and as what."""

import pytest

from smart_tuner.bot.access import Access, Role
from smart_tuner.bot.settings import BotSettings
from storage.bot_chats import BotChat

OPERATORS_GROUP, VIEWERS_GROUP, OTHER_GROUP = -1, -2, -3
OPERATOR, VIEWER, STRANGER = 1, 2, 3
ACCESS = Access(
    BotSettings(
        token="1:a",
        operators=frozenset({OPERATOR, OPERATORS_GROUP}),
        viewers=frozenset({VIEWER, VIEWERS_GROUP}),
    )
)


@pytest.mark.parametrize(
    ("user", "chat", "role"),
    [
        (OPERATOR, OPERATOR, Role.OPERATOR),
        (VIEWER, VIEWER, Role.VIEWER),
        (STRANGER, STRANGER, None),
        (None, None, None),
        (STRANGER, VIEWERS_GROUP, Role.VIEWER),
        (STRANGER, OPERATORS_GROUP, Role.OPERATOR),
        (VIEWER, OPERATORS_GROUP, Role.OPERATOR),
        (OPERATOR, VIEWERS_GROUP, Role.OPERATOR),
        (OPERATOR, OTHER_GROUP, None),
        (None, OTHER_GROUP, None),
    ],
)
def test_the_greater_role_counts_and_other_groups_hear_nothing(
    user: int | None, chat: int | None, role: Role | None
) -> None:
    assert ACCESS.role(user, chat, is_private=chat is None or chat > 0) == role


def test_alerts_go_to_those_listed_and_to_chats_of_listed_people() -> None:
    known = [
        BotChat(chat=77, person=OPERATOR),
        BotChat(chat=88, person=STRANGER),
        BotChat(chat=OTHER_GROUP),
        BotChat(chat=VIEWER, person=VIEWER),
    ]

    assert ACCESS.recipients(known) == [VIEWERS_GROUP, OPERATORS_GROUP, OPERATOR, VIEWER, 77]
    assert ACCESS.role_in(known[0]) is Role.OPERATOR
    assert ACCESS.role_in(known[1]) is None
    assert ACCESS.role_in(known[2]) is None
    assert ACCESS.role_in(BotChat(chat=VIEWERS_GROUP)) is Role.VIEWER
