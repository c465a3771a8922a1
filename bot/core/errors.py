"""Every error we raise on purpose. The text of each is a sentence for the person who has to act on it."""


class StillhereError(Exception):
    """Root of all our errors."""


class SettingError(StillhereError):
    """A setting is missing or wrong; the bot does not start."""


class ScriptError(StillhereError):
    """A dialog script cannot be used; raised at start-up or reload, never during a conversation."""


class NotUnderstood(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """The event means nothing in the session's present state."""


class DatabaseUnavailable(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """The database cannot do its work now (disk, lock, lost connection). Nothing was marked; try again later."""


class BehindOthers(DatabaseUnavailable):
    """Somebody stands where only the dialogs of another replica lead. Nothing was marked; try again, perhaps there."""


class VaultError(StillhereError):
    """A sealed text cannot be opened, or the master key is missing, wrong or swapped. Nothing is shown."""


class StatementRefused(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """The database will never accept a statement: a fault of the program or of one row. Names its code, never its values."""


class Undecodable(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """A stored row of the user `user_id` cannot be read; the fault is that row's alone."""

    def __init__(self, sentence: str, *, user_id: int) -> None:
        super().__init__(sentence)
        self.user_id = user_id
