"""Which kind each route is of: every pair of a method and an endpoint has one place here."""

from tests.access import kinds
from tests.access.kinds import Kind

ROUTES: dict[Kind, str] = {
    kinds.EVERYBODY: """
        GET security_contact, GET static, GET pictures.show, GET health.healthz, GET health.readyz, GET health.metrics
        GET api.describe, OPTIONS tus.describe_server, GET git.show_project
        GET groups.invitation
        GET projects.home, GET projects.explore, GET profiles.show, GET profiles.activity
        GET accounts.login, POST accounts.login, POST accounts.logout
        POST accounts.login_with_passkey, GET accounts.signup, POST accounts.signup
        GET accounts.forgot, POST accounts.forgot, GET accounts.reset, POST accounts.reset
        GET accounts.verify, POST accounts.verify, GET accounts.undo, POST accounts.undo
        GET inboxes.ask, POST inboxes.stop, GET projects.invitation
        GET drop.show, POST drop.receive, POST drop.preflight, POST drop_uploads.create
        GET view_links.open_link, GET view_links.show_files, GET view_links.send_file, GET view_links.download
        GET view_links.show_picture, GET view_links.show_subtitles
    """,
    kinds.READS: """
        GET browse.show_project, GET browse.show_folder, GET browse.show_file, GET browse.send_file
        GET browse.show_activity, GET browse.download, GET browse.show_citation
        GET browse.download_script, GET media.show_picture, GET media.show_subtitles
        GET finding.go_to_file, GET finding.search_files, GET restoring.show_deleted
        GET versions.show_blame, GET versions.list_branches, GET versions.list_tags
        GET versions.show_commit, GET versions.print_commit, GET versions.list_commits
        GET versions.choose_versions, GET versions.compare, GET versions.print_comparison
        GET project_sharing.show, GET copies.compare
    """,
    kinds.WRITES: """
        POST refs.delete_branch, POST refs.rename_branch, POST refs.delete_tag, POST copies.bring_in
    """,
    kinds.MAINTAINS: """
        GET links.show_links, GET links.show_drop_off, POST links.close, POST links.extend, POST links.reopen
        POST links.revoke, POST links.make_drop_off, POST links.make_view_link
        GET project_settings.general, POST project_settings.general
        GET project_settings.branches, POST project_settings.branches
        POST project_settings.choose_default_branch, POST project_settings.remove_branch_rule
        GET project_sharing.add, POST project_sharing.add, POST project_sharing.remove
        POST project_sharing.save_roles, POST project_sharing.resend_invitation
        POST project_sharing.withdraw_invitation
        POST copies.set_template
        GET project_webhooks.show_all, POST project_webhooks.create, GET project_webhooks.show
        POST project_webhooks.change, POST project_webhooks.delete, POST project_webhooks.test
        POST project_webhooks.redeliver
        GET project_storage.show, POST project_storage.archive, POST project_storage.count
    """,
    kinds.OWNS: """
        GET project_audit.show
        GET project_settings.purge, POST project_settings.purge, POST project_settings.put_into_trash
        GET project_settings.set_embargo, POST project_settings.set_embargo, POST project_settings.lift_embargo
        GET project_storage.remove_versions, POST project_storage.remove_versions
    """,
    kinds.SIGNED_IN_READS: """
        GET project_sharing.leave, POST project_sharing.leave, POST uploads.dismiss
        GET copies.copy, POST copies.copy, GET copies.use_template, POST copies.use_template
    """,
    kinds.SIGNED_IN_WRITES: """
        GET editing.edit_file, POST editing.edit_file, GET editing.new_file, POST editing.new_file
        GET editing.new_folder, POST editing.new_folder, GET editing.move, POST editing.move
        GET editing.delete, POST editing.delete
        GET restoring.restore, POST restoring.restore, GET restoring.undo, POST restoring.undo
        GET uploads.show_form, POST uploads.upload, POST uploads.preflight
    """,
    kinds.SIGNED_IN_MAINTAINS: "POST transfer.begin_export",
    kinds.SIGNED_IN_OWNS: "GET project_transfers.offer, POST project_transfers.offer, POST project_transfers.withdraw",
    kinds.COURSE: """
        GET courses.show_assignments, GET courses.show, GET courses.show_person, POST courses.write_feedback
        POST courses.start, POST courses.hand_in
    """,
    kinds.TEACHES: """
        GET courses.new, POST courses.new, GET courses.edit, POST courses.edit
        GET courses.participants, POST courses.participants, GET courses.export_participants
        GET courses.download, GET courses.export_states, POST courses.extend
        POST courses.delete, POST courses.archive_assignment, POST courses.restore_assignment
    """,
    kinds.ACCOUNT: """
        GET groups.new, POST groups.new, GET groups.show_all, POST groups.invitation
        GET projects.new, POST projects.new, GET transfer.show_form, POST transfer.begin_import
        GET jobs.show_jobs, GET projects.trash, GET projects.empty_trash, POST projects.empty_trash
        GET own_data.show, GET own_data.download, POST own_data.download
        GET own_account.delete, POST own_account.delete
        GET projects.usage, POST projects.confirm_again, POST projects.invitation
        GET inboxes.show_inbox, POST inboxes.read, POST inboxes.read_all
        GET inboxes.choices, POST inboxes.choose, POST inboxes.resume
        GET profile_settings.own, POST profile_settings.own, POST profile_settings.own_picture
        GET settings.profile, POST settings.profile, POST settings.send_link_again, POST settings.keep_address
        GET security.show, POST security.set_password
        POST settings.password, GET settings.browser_sessions, POST settings.end_other_sessions
        GET tokens.access_tokens, POST tokens.access_tokens
    """,
    kinds.ASKS_AGAIN: """
        GET security.set_up_app, POST security.set_up_app, GET security.add_passkey, POST security.add_passkey
        POST security.replace_codes, POST security.remove_app, POST security.remove_passkey
        POST security.remove_password, POST providers.unlink, POST own_data.begin
    """,
    kinds.NO_PROVIDER: "GET providers.enter, GET providers.come_back, POST providers.link",
    kinds.NO_PROVIDER_SIGNED_IN: "GET providers.show_again, POST providers.show",
    kinds.SECOND_STEP: """
        GET providers.newcomer, POST providers.newcomer
        GET second_step.show, POST second_step.show, POST second_step.passkey
    """,
    kinds.OWN_THING: """
        POST settings.end_session, POST tokens.delete_token, GET transfer.download
        GET projects.delete_for_good, POST projects.delete_for_good, POST projects.restore
        GET project_transfers.answer, POST project_transfers.answer, POST project_transfers.decline
    """,
    kinds.GROUP_READS: "GET group_people.show, GET groups.usage",
    kinds.GROUP_OWNS: """
        GET groups.settings, POST groups.settings, POST groups.delete, GET group_audit.show
        GET profile_settings.of_group, POST profile_settings.of_group, POST profile_settings.group_picture
        POST group_people.add, POST group_people.change_role, POST group_people.remove
        POST group_people.withdraw_invitation, POST group_people.resend_invitation
        GET group_webhooks.show_all, POST group_webhooks.create, GET group_webhooks.show, POST group_webhooks.change
        POST group_webhooks.delete, POST group_webhooks.test, POST group_webhooks.redeliver
    """,
    kinds.GROUP_LEAVES: "GET group_people.leave, POST group_people.leave",
    kinds.STRANGERS_UPLOAD: "HEAD drop_uploads.look, PATCH drop_uploads.append, DELETE drop_uploads.end",
    kinds.WORK: "GET jobs.watch",
    kinds.ADMINISTRATORS: """
        GET admin.overview, POST admin.run, GET admin.mails, GET admin.mail, GET admin.storage, POST admin.retry
        GET admin_people.show_all, GET admin_people.show, POST admin_people.give_plan
        POST admin_people.suspend, POST admin_people.resume, POST admin_people.reset_second_factor
        GET admin_people.invitations, POST admin_people.invite, POST admin_people.withdraw_invitation
        GET admin_plans.show_all, POST admin_plans.edit, POST admin_plans.reset
        GET admin_projects.show_all, GET admin_projects.show, POST admin_projects.restore
        GET admin_audit.show
    """,
    kinds.API_EVERYBODY: "GET api.projects.list_projects, GET api.groups.show_group",
    kinds.API_READS: """
        GET api.projects.show_project, GET api.projects.show_storage, GET api.projects.show_work
        GET api.projects.compare_with_origin
        GET api.files.list_refs, GET api.files.list_tree, GET api.files.send_file
        GET api.files.list_commits, GET api.files.show_commit
        GET api.statuses.list_statuses, GET api.statuses.show_combined_status
    """,
    kinds.API_WRITES: """
        POST api.commits.make_commit, DELETE api.files.delete_branch, PATCH api.files.rename_branch
        DELETE api.files.delete_tag, POST api.statuses.make_status
    """,
    kinds.API_COURSE: "GET api.courses.list_assignments, GET api.courses.show_assignment",
    kinds.API_STARTS: "POST api.courses.open_assignment",
    kinds.API_TEACHES: """
        POST api.courses.set_assignment, POST api.courses.extend_deadline, PATCH api.courses.change_assignment
    """,
    kinds.API_TEACHES_READS: "GET api.courses.export_assignment, GET api.courses.download_assignment",
    kinds.API_LISTS_PEOPLE: """
        GET api.participants.export_participants, POST api.participants.add_participants
        DELETE api.courses.delete_assignment
    """,
    kinds.API_COPIES: "POST api.projects.copy_project",
    kinds.API_ARCHIVES: "POST api.projects.archive_project",
    kinds.API_MAINTAINS: """
        PATCH api.projects.change_project
        GET api.webhooks.list_webhooks, POST api.webhooks.set_webhook, GET api.webhooks.show_webhook
        PATCH api.webhooks.change_webhook, DELETE api.webhooks.delete_webhook
        GET api.webhooks.list_deliveries, POST api.webhooks.test_webhook, POST api.webhooks.redeliver
        GET api.links.list_links, POST api.links.make_link, DELETE api.links.revoke_link
        PATCH api.links.change_link, POST api.links.extend_link, GET api.links.list_hand_ins
        GET api.links.download_hand_ins
        GET api.sharing.list_people, POST api.sharing.add_person, PATCH api.sharing.change_role
        DELETE api.sharing.remove_person
        GET api.sharing.list_invitations, POST api.sharing.invite, DELETE api.sharing.withdraw_invitation
    """,
    kinds.API_OWNS: """
        DELETE api.projects.trash_project, PUT api.projects.set_embargo, DELETE api.projects.lift_embargo
        POST api.transfers.offer_project, DELETE api.transfers.withdraw_offer
        GET api.audit.list_audit
    """,
    kinds.API_ACCOUNT: "GET api.groups.list_groups, GET api.people.show_user, GET api.people.show_usage",
    kinds.API_CREATES: "POST api.projects.create_project",
    kinds.API_BEGINS_UPLOAD: "POST tus.create",
    kinds.API_OFFERS: "GET api.transfers.list_offers, GET api.trash.list_trash",
    kinds.API_OWN_THING: "HEAD tus.look, PATCH tus.append, DELETE tus.end, POST tus.dispatch_override",
    kinds.API_OWN_OFFER: """
        POST api.transfers.accept_offer, DELETE api.transfers.decline_offer
        POST api.trash.restore_project, DELETE api.trash.delete_for_good
    """,
    kinds.API_ADMINISTERS: "POST api.groups.create_group, PATCH api.people.change_user",
    kinds.API_GROUP_READS: "GET api.groups.list_members, GET api.groups.show_group_usage",
    kinds.API_GROUP_OWNS: """
        PATCH api.groups.change_group, POST api.groups.add_member
        GET api.group_webhooks.list_group_webhooks, POST api.group_webhooks.set_group_webhook
        GET api.group_webhooks.show_group_webhook, PATCH api.group_webhooks.change_group_webhook
        DELETE api.group_webhooks.delete_group_webhook, GET api.group_webhooks.list_group_deliveries
        POST api.group_webhooks.test_group_webhook, POST api.group_webhooks.redeliver_to_group
    """,
    kinds.API_GROUP_LEAVES: "DELETE api.groups.remove_member",
    kinds.API_ADMINISTRATORS: """
        GET api.admin_people.list_accounts, GET api.admin_people.show_account, PUT api.admin_people.give_plan
        POST api.admin_people.suspend_account, POST api.admin_people.resume_account
        POST api.admin_people.reset_second_factor
        GET api.admin_invitations.list_sign_up_invitations, POST api.admin_invitations.invite_to_sign_up
        DELETE api.admin_invitations.withdraw_sign_up_invitation
        GET api.admin_projects.list_all_projects, GET api.admin_projects.show_any_project
        POST api.admin_projects.restore_for_owner
        GET api.admin_plans.list_plans, PUT api.admin_plans.edit_plan, DELETE api.admin_plans.reset_plan
        GET api.admin_audit.read_audit_log
    """,
    kinds.API_PASSWORD: "GET api.people.list_tokens, POST api.people.make_token, DELETE api.people.delete_token",
    kinds.GIT_READS: """
        GET git.advertise_refs, POST git.upload_pack, GET git.send_bundle, POST lfs.batch, GET lfs.send
    """,
    kinds.GIT_WRITES: """
        GET git.advertise_refs for a push, POST git.receive_pack, POST lfs.batch for a push, PUT lfs.receive
        POST lfs.verify
    """,
    kinds.GIT_LOCKS: "GET lfs.locks, POST lfs.locks, POST lfs.unlock, POST lfs.verify_locks",
}
PUSH = " for a push"
"""Ends the row of a route that git asks before it reads and before it writes, for the latter."""


def read_rows() -> list[tuple[str, Kind]]:
    """All rows: a method and an endpoint, and their kind."""
    return [
        (row.strip(), kind)
        for kind, rows in ROUTES.items()
        for row in rows.replace("\n", ",").split(",")
        if row.strip()
    ]
