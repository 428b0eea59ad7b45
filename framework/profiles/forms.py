"""The forms of profiles."""

from wtforms import RadioField, StringField, TextAreaField

from framework.web.forms import PageForm, strip

EVERYONE, ITS_PEOPLE = "everyone", "people"


class ProfileTextForm(PageForm):
    """What people say of themselves."""

    about = TextAreaField("About", filters=[strip])
    links = TextAreaField("Links", filters=[strip])

    def list_links(self) -> list[str]:
        """The addresses, one a line."""
        return str(self.links.data or "").splitlines()


class GroupProfileForm(ProfileTextForm):
    """The same for a group, and who sees who is in it."""

    people = RadioField("Who sees who is in the group", choices={ITS_PEOPLE: "Its people", EVERYONE: "Everyone"})


class PictureForm(PageForm):
    """A picture; its file is received apart from the form, and `files` carries what is wrong with it."""

    files = StringField("Picture")
