"""Keeping connections as profiles: save, edit, rename, delete, default. Each asks what it has to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_tui.actions import CONNECTION
from mlflow_tui.addresses import Choice
from mlflow_tui.config.profiles import Profile, Profiles, ProfilesNotUnderstood
from mlflow_tui.connection_form import lasting
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.screens.text_dialog import TextDialog

NEVER_KEPT = "No password or token is written: a profile names the variable or file that holds it."


class KeepingScreen(StepScreen):
    """What a screen with a list of profiles does with them. ``profiles_changed`` redraws the list."""

    PLACE: ClassVar[str] = CONNECTION

    # ---- for the subclass ---------------------------------------------------------------

    @property
    def chosen(self) -> Choice | None:
        """What is under the cursor of the list."""
        raise NotImplementedError

    def profiles_changed(self, name: str) -> None:
        """Draw the list anew, the cursor on profile ``name``."""
        raise NotImplementedError

    # ---- reading ------------------------------------------------------------------------

    @property
    def profiles(self) -> Profiles:
        """The user's profiles."""
        return Profiles(self.tui.settings.profiles_path)

    def read_profiles(self) -> tuple[list[Profile], str]:
        """All profiles and the name of the default one; none, and a word on it, if they cannot be read."""
        try:
            return self.profiles.all(), self.profiles.default
        except ProfilesNotUnderstood as problem:
            self.tell(f"{problem.sentence} {problem.remedy}", problem=True)
        except OSError as error:
            self.tell(
                f"The profiles in {self.profiles.path} cannot be read: {error.strerror or error}.",
                problem=True,
            )
        return [], ""

    # ---- changing -----------------------------------------------------------------------

    def _changed(self, change: Callable[[], list[str] | None], name: str, done: str) -> bool:
        """Make a change and say so, or why it could not be made."""
        try:
            left_out = change() or []
        except ProfilesNotUnderstood as problem:
            self.tell(f"{problem.sentence} {problem.remedy}", problem=True)
            return False
        except OSError as error:
            self.tell(f"The profile could not be kept: {error.strerror or error}.", problem=True)
            return False
        self.tell(" ".join([done, *left_out]))
        self.profiles_changed(name)
        return True

    def keep(self, connection: ConnectionRequest, name: str) -> None:
        """Ask for a name, ``name`` being the likeliest, and keep ``connection`` under it."""

        def named(given: str | None) -> None:
            if not given:
                return
            if given != name and given in [each.name for each in self.read_profiles()[0]]:
                question = f"There is a profile {given} already. Replace it?"

                def answered(sure: bool | None) -> None:
                    if sure:
                        self.keep_as(connection, given)

                self.app.push_screen(ConfirmDialog(question, "replace"), answered)
            else:
                self.keep_as(connection, given)

        self.app.push_screen(
            TextDialog("Keep as a profile called", name, hint=NEVER_KEPT, verb="keep"), named
        )

    def keep_as(self, connection: ConnectionRequest, name: str) -> bool:
        """Keep ``connection`` as ``name``, in place of what was kept so; whether that worked."""
        name = name.strip()
        return self._changed(
            lambda: self.profiles.save(name, lasting(connection)),
            name,
            f"Kept as the profile {name}.",
        )

    def action_rename_profile(self) -> None:
        """Call the profile under the cursor something else."""
        profile = self.chosen.profile if self.chosen else None
        if profile is None:
            return
        old = profile.name

        def named(new: str | None) -> None:
            def rename(to: str) -> None:
                self.profiles.rename(old, to)
                self.tui.settings.renamed(old, to.strip())

            if new:
                self._changed(lambda: rename(new), new, f"{old} is called {new} now.")

        self.app.push_screen(TextDialog(f"Call the profile {old}", old, verb="rename"), named)

    def action_delete_profile(self) -> None:
        """Forget the profile under the cursor, if the user is sure."""
        profile = self.chosen.profile if self.chosen else None
        if profile is None:
            return
        name = profile.name

        def answered(sure: bool | None) -> None:
            if sure:
                self._changed(lambda: self.profiles.delete(name), "", f"{name} is forgotten.")

        question = f"Forget the profile {name}? The store itself stays as it is."
        self.app.push_screen(ConfirmDialog(question, "forget"), answered)

    def action_make_default(self) -> None:
        """Open the profile under the cursor when nothing else is asked for; or no longer."""
        profile = self.chosen.profile if self.chosen else None
        if profile is None:
            return
        name, now = profile.name, self.read_profiles()[1]
        if now == name:
            done, new = f"{name} is not the default any more.", ""
        else:
            done, new = f"{name} is the default: mlflow-tui opens it unless told otherwise.", name
        self._changed(lambda: self.profiles.make_default(new), name, done)
