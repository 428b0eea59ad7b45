"""Production has no default that would lose data or trust, and says in one sentence what to set."""

import pytest

from framework.config import ConfigError
from tests.environment.conftest import PRODUCTION, Read

RANDOM = "5f0c9be14d7a4f6b93c2d8e17a60b4f5"


def refusal(read: Read, **changed: str) -> str:
    """What is said of these variables: one sentence, which gives away no password."""
    with pytest.raises(ConfigError) as refused:
        read(**changed)
    said = str(refused.value)
    assert "\n" not in said
    assert ":secret@" not in said
    return said


def test_these_variables_are_enough(in_production: Read) -> None:
    settings = in_production()
    assert settings.production
    assert (settings.store_folder, settings.broker_folder, settings.mail_folder) == (None, None, None)
    assert settings.database_url == "postgresql+psycopg://holdfast:secret@db.example.org/holdfast"


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"HOLDFAST_ENV"}))
def test_each_of_them_is_required(in_production: Read, name: str) -> None:
    assert refusal(in_production, **{name: ""}).startswith(f"{name} is not set; ")


def test_at_home_none_is(at_home: Read) -> None:
    settings = at_home()
    assert settings.base_url == "http://localhost:5000"
    assert [settings.store_folder, settings.broker_folder, settings.mail_folder] == [
        settings.data / name for name in ("objects", "broker", "outbox")
    ]


@pytest.mark.parametrize("name", ["CLOUDAMQP_URL", "REDIS_URL"])
def test_a_broker_may_have_the_name_that_its_add_on_gives_it(in_production: Read, name: str) -> None:
    assert in_production(BROKER_URL="", **{name: "amqps://host/vhost"}).broker_url == "amqps://host/vhost"


@pytest.mark.parametrize("name", ["CLOUDAMQP_URL", "REDIS_URL"])
def test_the_name_that_is_wrong_is_the_one_that_was_set(in_production: Read, name: str) -> None:
    assert refusal(in_production, BROKER_URL="", **{name: "sqs://"}).startswith(f"{name} is the address of no message")


@pytest.mark.parametrize("named", ["prod", "Production", "staging"])
def test_a_kind_of_deployment_that_nobody_knows_is_not_taken_for_one_at_home(at_home: Read, named: str) -> None:
    assert (
        refusal(at_home, HOLDFAST_ENV=named)
        == f"HOLDFAST_ENV is '{named}'; set it to production, or leave it out at home"
    )


def test_a_dyno_is_not_at_home(at_home: Read) -> None:
    assert "set it to production" in refusal(at_home, DYNO="web.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:secret@db.example.org/holdfast"),
        ("DATABASE_URL", "db.example.org"),
        ("S3_BUCKET", "folder:"),
        ("S3_BUCKET", "folder:objects"),
        ("S3_ENDPOINT_URL", "s3.example.org:9000"),
        ("BROKER_URL", "filesystem://"),
        ("BROKER_URL", "folder:broker"),
        ("BROKER_URL", "sqs://"),
        ("BROKER_URL", "localhost:6379"),
        ("BROKER_URL", "redis://:secret@[::1"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "mail.example.org:587"),
        ("SMTP_URL", "smtp://user:secret@mail.example.org:submission"),
        ("SMTP_URL", "folder:outbox"),
        ("BASE_URL", "holdfast.example.org"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://[holdfast"),
        ("BASE_URL", "https://holdfast.example.org/forge"),
        ("BASE_URL", "https://holdfast.example.org?"),
        ("BASE_URL", "https://holdfast.example.org forge"),
        ("BASE_URL", "https://me:secret@holdfast.example.org"),
        ("DATABASE_URL", "postgres://user:secret@db.example.org:port/holdfast"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("S3_BUCKET", "s3://projects"),
        ("S3_BUCKET", "projects/holdfast"),
        ("S3_BUCKET", "https://projects.s3.amazonaws.com"),
        ("S3_REGION", "EU (Frankfurt)"),
        ("MAIL_FROM", "Holdfast"),
        ("MAIL_FROM", "Holdfast <holdfast@>"),
        ("MAIL_FROM", "Holdfast <holdfast@example.org>\nBcc: everyone@example.org"),
    ],
)
def test_what_is_no_address_is_refused_by_name(in_production: Read, name: str, value: str) -> None:
    said = refusal(in_production, **{name: value})
    assert said.startswith(f"{name} ")
    assert "set it to" in said or "for example" in said


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("BASE_URL", " HTTPS://holdfast.example.org/\n", "https://holdfast.example.org"),
        ("BROKER_URL", "Redis://redis.example.org ", "redis://redis.example.org"),
        ("SMTP_URL", "\tSMTP://mail.example.org", "smtp://mail.example.org"),
        ("S3_BUCKET", " projects\n", "projects"),
        ("S3_BUCKET", "Folder:/srv/objects", "folder:/srv/objects"),
        ("MAIL_FROM", "Ours <ours@example.org>\n", "Ours <ours@example.org>"),
        ("S3_ENDPOINT_URL", "HTTPS://s3.example.org\n", "https://s3.example.org"),
        ("S3_REGION", "eu-central-1\n", "eu-central-1"),
        ("DATABASE_URL", "Postgres://db.example.org/holdfast\n", "postgresql+psycopg://db.example.org/holdfast"),
    ],
)
def test_an_address_may_be_pasted_with_space_around(in_production: Read, name: str, value: str, read: str) -> None:
    """And with a scheme in capitals."""
    settings = in_production(**{name: value})
    assert getattr(settings, name.lower()) == read
    assert settings.is_https, "or cookies would go without TLS"


def test_space_alone_is_no_address(in_production: Read) -> None:
    assert refusal(in_production, BROKER_URL=" ").startswith("BROKER_URL is not set; ")
    assert in_production(BROKER_URL=" ", REDIS_URL="redis://host").broker_url == "redis://host"


@pytest.mark.parametrize(
    "name", ["WEB_CONCURRENCY", "WEB_THREADS", "WORKER_CONCURRENCY", "S3_CONNECTIONS", "OWNER_LOOK_SECONDS"]
)
def test_nothing_is_left_without_anybody_to_do_it(at_home: Read, name: str) -> None:
    assert refusal(at_home, **{name: "0"}).startswith(f"{name} is 0; set it to at least 1")


@pytest.mark.parametrize("name", ["EVENT_DAYS", "TRASH_DAYS", "STAGED_HOURS", "LONGEST_WAIT_SECONDS", "PORT"])
def test_a_number_beyond_any_calendar_or_port_is_refused(at_home: Read, name: str) -> None:
    assert refusal(at_home, **{name: "9999999999"}).startswith(f"{name} is 9999999999; set it to at most ")


@pytest.mark.parametrize("address", ["mongodb://localhost", "localhost:6379", "carrier-pigeon://"])
def test_at_home_a_broker_that_is_not_known_is_refused_as_well(at_home: Read, address: str) -> None:
    assert refusal(at_home, BROKER_URL=address).startswith("BROKER_URL is the address of no message broker")


def test_a_folder_is_possible_where_it_is_named(in_production: Read) -> None:
    settings = in_production(
        S3_BUCKET="folder:/srv/objects", BROKER_URL="folder:/srv/broker", SMTP_URL="folder:/srv/mail"
    )
    assert [str(settings.store_folder), str(settings.broker_folder), str(settings.mail_folder)] == [
        "/srv/objects",
        "/srv/broker",
        "/srv/mail",
    ]


def test_broker_and_mail_may_have_their_folders_in_the_data_folder(in_production: Read) -> None:
    settings = in_production(BROKER_URL="folder:", SMTP_URL="folder:")
    assert (settings.broker_folder, settings.mail_folder) == (settings.data / "broker", settings.data / "outbox")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_BUCKET", "folder:/app/objects"),
        ("BROKER_URL", "folder:"),
        ("DATABASE_URL", "sqlite:////app/holdfast.sqlite3"),
    ],
)
def test_nothing_is_kept_on_a_dyno(in_production: Read, name: str, value: str) -> None:
    assert refusal(in_production, DYNO="web.1", **{name: value}).startswith(f"{name} lies on the dyno's disk")


@pytest.mark.parametrize("name", ["SECRET_KEY", "BACKUP_KEY"])
@pytest.mark.parametrize(
    ("key", "why"),
    [
        (RANDOM[:31], "has 31 characters, and needs at least 32"),
        ("a" * 64, "repeats itself"),
        (RANDOM[:12] * 4, "repeats itself"),
        ("abcdefabcdefabcdeffedcbafedcbafedcba", "repeats itself"),
        ("change-me-to-something-long-and-safe", "is an example"),
        ("Your-64-characters-go-here-12345678", "is an example"),
        ("192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "is an example"),
        ("$(openssl rand -hex 32) --and-more", "is an example"),
    ],
)
def test_a_key_that_others_know_or_guess_is_refused(in_production: Read, name: str, key: str, why: str) -> None:
    said = refusal(in_production, **{name: key})
    assert said.startswith(f"{name} {why}")
    assert "openssl rand -hex 32" in said
    assert key[:20] not in said


@pytest.mark.parametrize("key", [RANDOM, RANDOM * 2 + "0", "k7Q-vTz_9fWm2RbXy4LdPq8sHc3NgJ6uEoAi"])
def test_a_random_key_is_taken(in_production: Read, key: str) -> None:
    settings = in_production(SECRET_KEY=key, BACKUP_KEY=key)
    assert (settings.secret_key, settings.backup_key) == (key, key)


def test_earlier_keys_still_verify_and_the_new_one_signs(in_production: Read) -> None:
    settings = in_production(SECRET_KEY_FALLBACKS=f"{RANDOM}1, {RANDOM}2")
    assert settings.secret_key_fallbacks == (f"{RANDOM}1", f"{RANDOM}2")
    assert settings.signing_keys == [f"{RANDOM}2", f"{RANDOM}1", PRODUCTION["SECRET_KEY"]]
    said = refusal(in_production, SECRET_KEY_FALLBACKS=f"{RANDOM} short")
    assert said.startswith("SECRET_KEY_FALLBACKS has 5 characters")


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("", None),
        ("security@uni.example", "mailto:security@uni.example"),
        ("mailto:security@uni.example", "mailto:security@uni.example"),
        ("https://uni.example/security", "https://uni.example/security"),
    ],
)
def test_weaknesses_are_reported_to_an_address(in_production: Read, named: str, kept: str | None) -> None:
    assert in_production(SECURITY_CONTACT=named).security_contact == kept


@pytest.mark.parametrize(
    ("named", "kind", "domains"),
    [
        ("", "open", ()),
        ("Closed", "closed", ()),
        ("invited", "invited", ()),
        ("domains:uni.example, Lab.example", "domains", ("uni.example", "lab.example")),
    ],
)
def test_it_is_told_who_may_sign_up(in_production: Read, named: str, kind: str, domains: tuple[str, ...]) -> None:
    settings = in_production(SIGNUP=named)
    assert (settings.signup, settings.signup_domains) == (kind, domains)


@pytest.mark.parametrize("named", ["no", "domains", "domains:", "domains:@uni.example", "open:all", "domains:.example"])
def test_it_lets_nobody_sign_up_by_a_misspelt_rule(in_production: Read, named: str) -> None:
    assert refusal(in_production, SIGNUP=named).startswith("SIGNUP is ")


@pytest.mark.parametrize("named", ["somebody", "http://uni.example", "tel:12", "https://a b", "a@b.example\nEvil: 1"])
def test_a_contact_is_an_address_or_a_page(in_production: Read, named: str) -> None:
    assert refusal(in_production, SECURITY_CONTACT=named).startswith("SECURITY_CONTACT is ")


def test_at_home_any_key_will_do(at_home: Read) -> None:
    assert at_home(SECRET_KEY="dev", BACKUP_KEY="k").secret_key == "dev"


@pytest.mark.parametrize(
    ("text", "domains"),
    [("uni.example, LAB.example", ("uni.example", "lab.example")), ("none", ()), ("edu", ("edu",))],
)
def test_the_academic_domains_can_be_chosen(in_production: Read, text: str, domains: tuple[str, ...]) -> None:
    assert in_production(ACADEMIC_DOMAINS=text).academic_domains == domains


def test_academic_domains_are_domains(in_production: Read) -> None:
    assert {"edu", "ac.uk", "edu.au"} <= set(in_production().academic_domains)
    assert refusal(in_production, ACADEMIC_DOMAINS="uni.example; x").startswith("ACADEMIC_DOMAINS is ")
