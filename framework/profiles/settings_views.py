"""Settings of profiles: a person's own, and those of a group for its owners."""

from flask import Blueprint, flash, redirect, render_template, request

from framework.accounts.core.account import Account
from framework.accounts.signin.login import current_account, require_account
from framework.formatting import format_limit
from framework.groups.access import GroupAccess, group_for
from framework.profiles.editing import LONGEST_ABOUT, MOST_LINKS, ProfileText, read_profile_text, save_profile_text
from framework.profiles.forms import EVERYONE, ITS_PEOPLE, GroupProfileForm, PictureForm, ProfileTextForm
from framework.profiles.pictures import MOST_BYTES, PictureRefused, remove_picture, save_picture
from framework.projects.core.groups import OWNER
from framework.uploads.receiving import receive_form
from framework.web.answers import ViewResponse

profile_settings = Blueprint("profile_settings", __name__)


@profile_settings.route("/settings/profile", methods=["GET", "POST"])
def own() -> ViewResponse:
    """What a person shows of themselves."""
    account = require_account()
    form = ProfileTextForm(data=_saved(account.id))
    return _save_text(account, None, form)


@profile_settings.post("/settings/profile/picture")
def own_picture() -> ViewResponse:
    """Another picture of a person, or none."""
    return _save_picture(require_account(), None)


@profile_settings.route("/<owner>/settings/profile", methods=["GET", "POST"])
def of_group(owner: str) -> ViewResponse:
    """What a group shows of itself; for its owners."""
    group = group_for(current_account(), owner, OWNER)
    form = GroupProfileForm(data=_saved(group.id))
    return _save_text(require_account(), group, form)


@profile_settings.post("/<owner>/settings/profile/picture")
def group_picture(owner: str) -> ViewResponse:
    """Another picture of a group, or none."""
    group = group_for(current_account(), owner, OWNER)
    return _save_picture(require_account(), group)


def _saved(user_id: int) -> dict[str, str]:
    text = read_profile_text(user_id)
    people = EVERYONE if text.people_public else ITS_PEOPLE
    return {"about": text.about, "links": "\n".join(text.links), "people": people}


def _save_text(account: Account, group: GroupAccess | None, form: ProfileTextForm) -> ViewResponse:
    def save() -> ProfileText:
        told = {"about": form.about.data, "links": form.list_links()}
        if isinstance(form, GroupProfileForm):
            return save_profile_text(account, group, people_public=form.people.data == EVERYONE, **told)
        return save_profile_text(account, None, **told)

    return _answer(account, group, form.attempt(save), form, PictureForm(formdata=None))


def _save_picture(account: Account, group: GroupAccess | None) -> ViewResponse:
    with receive_form(request, most_bytes=MOST_BYTES) as files:
        form = PictureForm()
        content = files[0][1].path.read_bytes() if files else b""
    done = form.attempt(lambda: _keep_picture(account, group, content, is_to_go="remove" in request.form))
    kind = GroupProfileForm if group else ProfileTextForm
    text_form = kind(formdata=None, data=_saved(group.id if group else account.id))
    return _answer(account, group, done, text_form, form)


def _keep_picture(account: Account, group: GroupAccess | None, content: bytes, *, is_to_go: bool) -> bool:
    if is_to_go:
        remove_picture(account, group)
        return True
    if not content:
        raise PictureRefused("Choose a picture.")
    save_picture(account, group, content)
    return True


def _answer(
    account: Account, group: GroupAccess | None, done: object, form: ProfileTextForm, picture: PictureForm
) -> ViewResponse:
    """Back to the page when it is done; else the page, with what is wrong."""
    place = f"{group.path}/settings/profile" if group else "/settings/profile"
    if done is not None:
        flash("The profile is saved.", "success")
        return redirect(place)
    facts = {"form": form, "picture_form": picture, "place": place, "group": group}
    limits = {"most_links": MOST_LINKS, "longest_about": LONGEST_ABOUT, "picture_limit": format_limit(MOST_BYTES)}
    template = "profiles/group_settings.html" if group else "profiles/settings.html"
    return render_template(template, **facts, **limits), max(form.status, picture.status)
