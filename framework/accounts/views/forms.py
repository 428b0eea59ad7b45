"""The forms of accounts; field names are promised to programs that fill them in."""

import re

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectMultipleField, StringField

from framework.accounts.core import validation
from framework.accounts.core.credentials import Kept
from framework.accounts.factors import passkeys
from framework.web.forms import PageForm, follows, require_filled, strip

NO_ANSWER = "Passkeys need JavaScript, and a page that is open over https."


class SignupForm(PageForm):
    """A new account."""

    username = StringField(
        "User name", filters=[strip], validators=[require_filled("Choose a user name."), follows(validation.user_name)]
    )
    full_name = StringField("Name", filters=[strip], validators=[follows(validation.full_name)])
    email = EmailField(
        "E-mail", filters=[strip], validators=[require_filled("Enter your e-mail address."), follows(validation.email)]
    )
    password = PasswordField(
        "Password", validators=[require_filled("Choose a password."), follows(validation.password)]
    )
    next = HiddenField()
    invitation = HiddenField()


class NewcomerForm(PageForm):
    """A user name and a shown name, for who has signed in at a provider; and an address, if that vouches for none."""

    username = StringField(
        "User name", filters=[strip], validators=[require_filled("Choose a user name."), follows(validation.user_name)]
    )
    full_name = StringField("Name", filters=[strip], validators=[follows(validation.full_name)])
    email = EmailField("E-mail", filters=[strip])


class LoginForm(PageForm):
    """User name or e-mail, and password."""

    username = StringField("User name or e-mail", filters=[strip], validators=[require_filled("Enter your user name.")])
    password = PasswordField("Password", validators=[require_filled("Enter your password.")])
    remember = BooleanField("Keep me signed in on this device")
    next = HiddenField()


class ForgotForm(PageForm):
    """Where to send a link for a new password."""

    email = EmailField(
        "E-mail", filters=[strip], validators=[require_filled("Enter your e-mail address."), follows(validation.email)]
    )


class ResetForm(PageForm):
    """A new password, by a link from a mail."""

    password = PasswordField(
        "New password", validators=[require_filled("Choose a password."), follows(validation.password)]
    )


class ConfirmForm(PageForm):
    """The account's password, where a link is opened by somebody who is not signed in."""

    password = PasswordField("Password", validators=[require_filled("Enter your password.")])


class CodeForm(PageForm):
    """A code of an authenticator app, or a recovery code."""

    code = StringField("Code", filters=[strip], validators=[require_filled("Enter a code.")])


class AppForm(PageForm):
    """The first code of an authenticator app; `sealed` is its secret, which only this server can read."""

    code = StringField("Code", filters=[strip], validators=[require_filled("Enter the code that the app shows.")])
    sealed = HiddenField()


class PasskeyForm(PageForm):
    """What an authenticator has answered, as the page's script fills it in."""

    credential = HiddenField(validators=[require_filled(NO_ANSWER)])
    remember = BooleanField("Keep me signed in on this device")
    next = HiddenField()

    @property
    def reasons(self) -> list[str]:
        """Why it was refused."""
        return [*map(str, self.credential.errors), *self.problems]


class NewPasskeyForm(PageForm):
    """A new passkey, and what its person calls it."""

    name = StringField("Name", filters=[strip], validators=[follows(passkeys.passkey_name)])
    credential = HiddenField(validators=[require_filled(NO_ANSWER)])


class ProfileForm(PageForm):
    """What others see of a person."""

    full_name = StringField("Full name", filters=[strip], validators=[follows(validation.full_name)])
    username = StringField("User name", filters=[strip], validators=[require_filled("Choose a user name.")])
    email = EmailField(
        "E-mail", filters=[strip], validators=[require_filled("Enter your e-mail address."), follows(validation.email)]
    )


class PasswordForm(PageForm):
    """Another password; `keep` names what goes on, as `session-7` or `token-7`."""

    current = PasswordField("Current password", validators=[require_filled("Enter your current password.")])
    password = PasswordField("New password", validators=[require_filled("Choose a password.")])
    keep = SelectMultipleField("Stay signed in", validate_choice=False)

    @property
    def kept(self) -> Kept:
        """What is to go on."""
        return Kept(self._numbers("session"), self._numbers("token"))

    def _numbers(self, kind: str) -> frozenset[int]:
        found = (re.fullmatch(rf"{kind}-(\d{{1,9}})", text, re.ASCII) for text in self.keep.data or ())
        return frozenset(int(match[1]) for match in found if match)
