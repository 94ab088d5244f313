"""Who may connect: passwords and access keys, the commands that manage them, what a first start makes, and the settings around it."""

import contextlib
import datetime
import pathlib
import re
import stat
import time
import urllib.error
import urllib.request

import botocore.awsrequest
import botocore.auth
import botocore.credentials
import botocore.exceptions
import psycopg
import pytest

from support.pgwire import PgWire
from support.server import ANY_PORT, refused, running, serve_command, shale

PASSWORD = "correct horse: ünïcödé"
KEY, SECRET = "AKIAEXAMPLE123456789", "wJalrXUtnFEMI/K7MDENG+secret"
FIRST_START = {"SHALE_PASSWORD": PASSWORD, "SHALE_ACCESS_KEY_ID": KEY, "SHALE_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with authentication; its first user, password and access key come from the variables of the first start."""
    with running(tmp_path_factory.mktemp("auth") / "data", insecure=False, variables=FIRST_START) as started:
        yield started


def sql_works(server, user, password):
    try:
        with server.connect(user, password) as connection:
            return connection.execute("SELECT current_user").fetchone() == (user,)
    except psycopg.OperationalError as error:
        # Connection errors carry no SQLSTATE in libpq; the server's words tell it.
        assert f'password authentication failed for user "{user}"' in str(error), error
        return False


def dynamodb_error(client):
    """The exception's name and HTTP code; None if the request was answered."""
    try:
        client.list_tables()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def test_the_right_password_and_the_right_key_open_both_doors(server):
    """The first start's variables became the first user and its access key; no generated secret was printed."""
    assert sql_works(server, "shale", PASSWORD)
    assert dynamodb_error(server.dynamodb(key=KEY, secret=SECRET)) is None
    assert "Generated" not in server.errors()
    assert SECRET not in server.errors() and PASSWORD not in server.errors()


@pytest.mark.parametrize(("user", "password"), [("shale", "wrong"), ("nobody", PASSWORD), ("nobody", "wrong"), ("Shale", PASSWORD)])
def test_wrong_passwords_and_unknown_users_get_28P01_alike(server, user, password):
    """Nothing tells an unknown user from a wrong password."""
    with PgWire(server) as wire:
        wire.startup(user=user)
        wire.login(password)
        error = wire.error()
    assert (error["S"], error["C"], error["M"]) == ("FATAL", "28P01", f'password authentication failed for user "{user}"')
    assert not sql_works(server, user, password)


def test_no_password_is_not_enough(server):
    with pytest.raises(psycopg.OperationalError, match="password"):
        server.connect()


def test_databases_are_told_only_after_the_password(server):
    """A wrong password for a database that does not exist says nothing about the database."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect(password="wrong", dbname="nonsense")
    with pytest.raises(psycopg.OperationalError, match='database "nonsense" does not exist'):
        server.connect(password=PASSWORD, dbname="nonsense")


@pytest.mark.parametrize(("credentials", "code"), [
    ({"key": KEY, "secret": "wrong"}, "InvalidSignatureException"),
    ({"key": "AKIAUNKNOWN", "secret": SECRET}, "UnrecognizedClientException"),
    ({"key": KEY, "secret": SECRET, "region": "eu-west-1"}, "InvalidSignatureException"),
    ({"key": KEY, "secret": SECRET, "signature_version": botocore.UNSIGNED}, "MissingAuthenticationTokenException"),
])
def test_refused_signatures_have_dynamodbs_names(server, credentials, code):
    assert dynamodb_error(server.dynamodb(**credentials)) == (code, 400)


def signed_request(server, body=b"{}", target="ListTables", moment=None):
    """A request signed by botocore's own SigV4, now or at another moment."""
    request = botocore.awsrequest.AWSRequest("POST", server.dynamodb_url, data=body, headers={
        "X-Amz-Target": f"DynamoDB_20120810.{target}", "Content-Type": "application/x-amz-json-1.0"})
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), "dynamodb", "us-east-1")
    if moment is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        request.headers["Authorization"] = "AWS4-HMAC-SHA256 " + ", ".join([
            f"Credential={signer.scope(request)}", f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(request))}",
            f"Signature={signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)}"])
    return request.headers, body


def post(server, headers, body):
    """Status and body of an answer."""
    request = urllib.request.Request(server.dynamodb_url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_signature_is_good_for_one_body_one_operation_and_a_quarter_of_an_hour(server):
    """What is signed cannot be changed under the signature, and a signature caught long ago opens nothing."""
    headers, body = signed_request(server)
    assert post(server, headers, body)[0] == 200
    status, answer = post(server, headers, b'{"Limit": 1}')
    assert status == 400 and "#InvalidSignatureException" in answer
    headers.replace_header("X-Amz-Target", "DynamoDB_20120810.DescribeLimits")
    status, answer = post(server, headers, body)
    assert status == 400 and "#InvalidSignatureException" in answer
    now = datetime.datetime.now(datetime.UTC)
    headers, body = signed_request(server, moment=now - datetime.timedelta(minutes=14))
    assert post(server, headers, body)[0] == 200
    for minutes, words in [(-16, "Signature expired"), (16, "Signature not yet current")]:
        headers, body = signed_request(server, moment=now + datetime.timedelta(minutes=minutes))
        status, answer = post(server, headers, body)
        assert status == 400 and "#InvalidSignatureException" in answer and words in answer
    headers, body = signed_request(server)
    headers.replace_header("Authorization", headers["Authorization"].partition(", Signature=")[0])
    status, answer = post(server, headers, body)
    assert status == 400 and "#IncompleteSignatureException" in answer and "'Signature' parameter" in answer


def test_health_needs_no_signature(server):
    with urllib.request.urlopen(f"{server.dynamodb_url}/health") as answer:
        assert answer.status == 200 and answer.read().startswith(b"healthy")


class Commands:
    """Administrative commands for one directory that must succeed without a word on stderr; called, it returns stdout."""

    def __init__(self, directory):
        self.directory = directory

    def __call__(self, *arguments, **options):
        ended = shale(*arguments, "--data-dir", str(self.directory), **options)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return ended.stdout

    def new_key(self, user):
        created = self("access-key", "create", "--user", user)
        return re.fullmatch(r"AWS_ACCESS_KEY_ID=(\S+)\nAWS_SECRET_ACCESS_KEY=(\S+)\n", created).groups()


def test_commands_reach_the_running_server(server):
    """Every change counts at once, for new connections of both doors; the socket they use is the owner's alone."""
    done = Commands(server.directory)

    def key_works(key, secret):
        return dynamodb_error(server.dynamodb(key=key, secret=secret)) is None

    assert done("user", "list") == "shale\n"
    assert done("user", "add", "bob", SHALE_PASSWORD="first") == ""
    assert sql_works(server, "bob", "first")
    assert done("user", "passwd", "bob", stdin="second\n") == ""
    assert not sql_works(server, "bob", "first") and sql_works(server, "bob", "second")
    generated = done("user", "passwd", "bob", "--generate").strip()
    assert len(generated) == 24 and sql_works(server, "bob", generated)
    assert done("user", "list") == "bob\nshale\n"
    key, secret = done.new_key("bob")
    second_key, second_secret = done.new_key("bob")
    assert key_works(key, secret) and key_works(second_key, second_secret) and not key_works(key, second_secret)
    listed = done("access-key", "list")
    assert sorted(listed.splitlines()) == sorted([f"{KEY}\tshale", f"{key}\tbob", f"{second_key}\tbob"])
    assert done("access-key", "drop", key) == ""
    assert dynamodb_error(server.dynamodb(key=key, secret=secret)) == ("UnrecognizedClientException", 400)
    assert done("user", "drop", "bob") == ""
    assert not sql_works(server, "bob", generated)
    # Its keys went with it.
    assert done("access-key", "list") == f"{KEY}\tshale\n" and not key_works(second_key, second_secret)
    socket = server.directory / "admin.sock"
    assert stat.S_ISSOCK(socket.stat().st_mode) and stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_temporary_and_reading_credentials(tmp_path):
    """Both are kept over a restart. Temporary ones need their token and end; reading ones are denied what writes, and read."""

    def created(*arguments):
        printed = Commands(tmp_path)("access-key", "create", *arguments)
        values = dict(line.split("=", 1) for line in printed.splitlines())
        return values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"], values.get("AWS_SESSION_TOKEN")

    def client(server, key, secret, token):
        return server.dynamodb(key=key, secret=secret, token=token)

    with running(tmp_path, insecure=False, variables=FIRST_START) as server:
        temporary, reading = created("--duration-seconds", "3600"), created("--read-only")
        short = created("--duration-seconds", "1", "--read-only")
        assert temporary[0].startswith("ASIA") and reading[0].startswith("AKIA") and reading[2] is None
        listed = Commands(tmp_path)("access-key", "list")
        assert f"{reading[0]}\tshale\tread-only\n" in listed
        assert re.search(rf"^{temporary[0]}\tshale\texpires 20\d{{6}}T\d{{6}}Z$", listed, re.MULTILINE)
        assert server.stop() == 0
    with running(tmp_path, insecure=False) as server:
        client(server, *temporary).create_table(
            TableName="music", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        assert dynamodb_error(client(server, *temporary[:2], None)) == ("UnrecognizedClientException", 400)
        assert dynamodb_error(client(server, *temporary[:2], short[2])) == ("UnrecognizedClientException", 400)
        reader = client(server, *reading)
        assert reader.scan(TableName="music")["Count"] == 0
        with pytest.raises(botocore.exceptions.ClientError) as denied:
            reader.put_item(TableName="music", Item={"id": {"S": "a"}})
        error = denied.value.response["Error"]
        assert error["Code"] == "AccessDeniedException" and "dynamodb:PutItem on resource: arn:" in error["Message"]
        deadline = time.monotonic() + 30
        while dynamodb_error(client(server, *short)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert dynamodb_error(client(server, *short)) == ("ExpiredTokenException", 400)
        assert server.stop() == 0


@pytest.mark.parametrize(("arguments", "words"), [
    (("user", "drop", "bob"), 'user "bob" does not exist'),
    (("user", "passwd", "bob", "--generate"), 'user "bob" does not exist'),
    (("user", "add", "shale", "--generate"), 'user "shale" already exists'),
    (("user", "drop", "shale"), "last one"),
    (("user", "add", "bob", "--password", ""), "password is empty"),
    (("user", "add", "", "--generate"), "a user name has"),
    (("access-key", "create", "--user", "bob"), 'user "bob" does not exist'),
    (("access-key", "drop", "AKIANONE"), "access key AKIANONE does not exist"),
])
def test_refused_commands_say_why_and_change_nothing(server, arguments, words):
    ended = shale(*arguments, "--data-dir", str(server.directory))
    assert ended.returncode == 1 and words in ended.stderr and ended.stdout == "", ended
    assert Commands(server.directory)("user", "list") == "shale\n"


def test_commands_work_on_a_database_that_no_server_has_open(tmp_path):
    """Offline: the same commands with the same effects, seen when the server starts again. A killed server's socket is in nobody's way."""
    with running(tmp_path, insecure=False, variables=FIRST_START) as started:
        started.kill()
    assert (tmp_path / "admin.sock").exists()
    done = Commands(tmp_path)
    assert done("user", "add", "bob", SHALE_PASSWORD="first") == ""
    kept, dropped = done.new_key("bob"), done.new_key("bob")
    assert done("access-key", "drop", dropped[0]) == ""
    assert done("user", "passwd", "bob", stdin="second\n") == ""
    assert done("user", "list") == "bob\nshale\n"
    with running(tmp_path, insecure=False) as started:
        assert sql_works(started, "bob", "second") and not sql_works(started, "bob", "first")
        assert dynamodb_error(started.dynamodb(key=kept[0], secret=kept[1])) is None
        assert dynamodb_error(started.dynamodb(key=dropped[0], secret=dropped[1])) == ("UnrecognizedClientException", 400)
        assert started.stop() == 0
    assert not (tmp_path / "admin.sock").exists()
    assert done("user", "drop", "bob") == ""
    assert done("access-key", "list") == f"{KEY}\tshale\n"
    with running(tmp_path, insecure=False) as started:
        assert not sql_works(started, "bob", "second")
        assert dynamodb_error(started.dynamodb(key=kept[0], secret=kept[1])) == ("UnrecognizedClientException", 400)


def test_commands_say_when_there_is_no_database(tmp_path):
    for directory in (tmp_path, tmp_path / "missing"):
        ended = shale("user", "list", "--data-dir", str(directory))
        assert ended.returncode == 1 and "holds no database" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dropped_user_cannot_come_back_and_a_changed_password_counts_for_new_connections_only(server):
    done = Commands(server.directory)
    done("user", "add", "eve", SHALE_PASSWORD="one")
    with server.connect("eve", "one") as connection:
        done("user", "passwd", "eve", SHALE_PASSWORD="two")
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not sql_works(server, "eve", "one") and sql_works(server, "eve", "two")
    done("user", "drop", "eve")
    assert not sql_works(server, "eve", "two")


def test_users_show_in_the_catalog_at_once(server):
    """`\\du` lists who may connect."""
    done = Commands(server.directory)
    done("user", "add", "dora", SHALE_PASSWORD="x")
    with server.connect("shale", PASSWORD) as connection:
        names = lambda: {row[0] for row in connection.execute("SELECT rolname FROM pg_catalog.pg_roles")}  # noqa: E731
        assert {"shale", "dora"} <= names()
        done("user", "drop", "dora")
        assert "dora" not in names()


def test_system_tables_are_invisible_to_both_doors(server):
    """Verifiers and sealed secrets cannot be read through a door, even by the first user."""
    assert server.dynamodb(key=KEY, secret=SECRET).list_tables()["TableNames"] == []
    with server.connect("shale", PASSWORD) as connection:
        for name in ("users", "access_keys"):
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute(f"SELECT * FROM {name}")


def test_generated_credentials_are_printed_once(tmp_path):
    """The first start without variables prints a password and a key on stderr, which work, also later; no later start prints any."""
    with running(tmp_path, insecure=False) as server:
        password = re.search(r"shown this once: password (\S+)", server.errors()).group(1)
        key, secret = re.search(r"shown this once: access key (\S+) with secret (\S+)", server.errors()).groups()
        assert password not in server.ready_line and secret not in server.ready_line
        assert sql_works(server, "shale", password)
        assert server.stop() == 0
    with running(tmp_path, insecure=False) as server:
        assert "shown this once" not in server.errors()
        assert sql_works(server, "shale", password)
        assert dynamodb_error(server.dynamodb(key=key, secret=secret)) is None


def test_variables_of_the_first_start_change_nothing_later(tmp_path):
    with running(tmp_path, insecure=False, variables={**FIRST_START, "SHALE_USER": "admin"}) as server:
        server.stop()
    later = {"SHALE_PASSWORD": "other", "SHALE_ACCESS_KEY_ID": "AKIAOTHER", "SHALE_SECRET_ACCESS_KEY": "other"}
    with running(tmp_path, insecure=False, variables=later) as server:
        assert sql_works(server, "admin", PASSWORD) and not sql_works(server, "admin", "other")
        assert not sql_works(server, "shale", "other")
        assert dynamodb_error(server.dynamodb(key="AKIAOTHER", secret="other")) == ("UnrecognizedClientException", 400)


def test_secrets_lie_on_disk_sealed_and_for_the_owner_only(tmp_path):
    """The key file is 0600, the directory 0700 and no file holds password or secret in the clear."""
    directory = tmp_path / "data"
    with running(directory, insecure=False, variables=FIRST_START) as server:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "secret.key").stat().st_mode) == 0o600
        assert server.stop() == 0
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert SECRET.encode() not in content and PASSWORD.encode() not in content, path


@pytest.mark.parametrize(("damage", "words"), [
    (lambda path: path.unlink(), "it is missing"),
    (lambda path: path.chmod(0o644), "others can read it (its mode must be 0600)"),
    (lambda path: path.write_text("nonsense\n"), "it is not a key"),
    (lambda path: path.write_text("A" * 43 + "\n"), "it is not the key that sealed them"),
])
def test_a_key_file_that_does_not_fit_is_named(tmp_path, damage, words):
    with running(tmp_path, insecure=False, variables=FIRST_START) as server:
        server.stop()
    key_file = tmp_path / "secret.key"
    damage(key_file)
    error = refused(tmp_path, insecure=False)
    assert str(key_file) in error and words in error


@pytest.mark.parametrize("listen", [{"pg_listen": "0.0.0.0:0"}, {"dynamodb_listen": "[::]:0"}])
def test_insecure_is_refused_beyond_loopback(tmp_path, listen):
    """Before anything is made on the disk."""
    error = refused(tmp_path / "data", **listen)
    assert "--insecure switches authentication off and is only allowed on loopback addresses" in error
    assert next(iter(listen.values())) in error
    assert not (tmp_path / "data").exists()


def test_insecure_takes_any_user_and_any_key(tmp_path):
    with running(tmp_path) as server:
        with server.connect("whoever") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert dynamodb_error(server.dynamodb(key="anything", secret="at all", region="eu-west-1")) is None
        assert "no authentication" in server.ready_line and "Generated" not in server.errors()


@pytest.mark.parametrize("variables", [{"SHALE_ACCESS_KEY_ID": KEY}, {"SHALE_SECRET_ACCESS_KEY": SECRET}])
def test_half_an_access_key_is_refused(tmp_path, variables):
    assert "give both --access-key-id and --secret-access-key" in refused(tmp_path, insecure=False, variables=variables)


def limits_of(server):
    """What three settings did: region and connection limit show from outside."""
    with contextlib.ExitStack() as connections:
        for _ in range(3):
            connections.enter_context(server.connect())
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            server.connect()
    arn = server.dynamodb().create_table(
        TableName="seen", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])["TableDescription"]["TableArn"]
    return arn.split(":")[3]


def test_settings_come_from_variables(tmp_path):
    """Every flag is also a SHALE_… variable."""
    variables = {"SHALE_DATA_DIR": str(tmp_path / "data"), "SHALE_PG_LISTEN": ANY_PORT, "SHALE_DYNAMODB_LISTEN": ANY_PORT,
                 "SHALE_INSECURE": "true", "SHALE_REGION": "eu-north-1", "SHALE_MAX_PG_CONNECTIONS": "3", "SHALE_LOG": "warn"}
    with running(tmp_path / "data", command=[serve_command("x")[0], "serve"], variables=variables) as server:
        assert limits_of(server) == "eu-north-1"
        assert str(tmp_path / "data") in server.ready_line


def test_settings_come_from_the_file_and_flags_win_over_variables_over_the_file(tmp_path):
    config = tmp_path / "shale.toml"
    config.write_text(f'data_dir = "{tmp_path / "data"}"\npg_listen = "{ANY_PORT}"\ndynamodb_listen = "{ANY_PORT}"\ninsecure = true\n'
                      'region = "file"\nmax_pg_connections = 3\nlog = "warn"\n')
    command = [serve_command("x")[0], "serve", "--config", str(config)]
    with running(tmp_path, command=command) as server:
        assert limits_of(server) == "file"
        server.dynamodb().delete_table(TableName="seen")
        server.stop()
    for extra, variables, region in [([], {"SHALE_REGION": "variable"}, "variable"),
                                     (["--region", "flag"], {"SHALE_REGION": "variable"}, "flag")]:
        with running(tmp_path, command=[*command, *extra], variables=variables) as server:
            assert limits_of(server) == region
            server.dynamodb().delete_table(TableName="seen")
            server.stop()


@pytest.mark.parametrize(("text", "words"), [
    ("cache_mb = 7\n", ["unknown field `cache_mb`", "cache_mib"]),
    ("cache_mib = \"much\"\n", ["line 1", "invalid type"]),
    ("pg_listen = \"nowhere\"\n", ["line 1", "pg_listen"]),
    ("this is not TOML", ["line 1"]),
    ("log = \"a=b=c\"\n", ["log is not a filter"]),
    ("write_memory_mib = 0\n", ["write_memory_mib must be at least 1"]),
])
def test_a_wrong_file_is_named_with_place_and_reason(tmp_path, text, words):
    config = tmp_path / "shale.toml"
    config.write_text(text)
    command = [serve_command("x")[0], "serve", "--data-dir", str(tmp_path / "data"), "--config", str(config)]
    ended = shale(*command[1:])
    assert ended.returncode == 1, ended
    for word in words:
        assert word in ended.stderr, ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_missing_file_and_a_wrong_flag_are_named(tmp_path):
    missing = tmp_path / "none.toml"
    ended = shale("serve", "--config", str(missing))
    assert ended.returncode == 1 and f"cannot read the configuration file {missing}: No such file" in ended.stderr
    ended = shale("serve", "--nonsense")
    assert ended.returncode == 2 and "--nonsense" in ended.stderr
    ended = shale("serve", SHALE_CACHE_MIB="much")
    assert ended.returncode == 2 and "--cache-mib" in ended.stderr


def test_every_flag_names_its_variable():
    """The help shows every flag of `serve` with its SHALE_… variable, and no secret's value."""
    text = shale("serve", "--help", SHALE_PASSWORD="hidden!").stdout
    flags = set(re.findall(r"^ +--([a-z-]+)", text, re.MULTILINE)) - {"help", "version"}
    assert len(flags) >= 15
    for flag in flags:
        assert f"SHALE_{flag.upper().replace('-', '_')}" in text, flag
    assert "hidden!" not in text


def test_the_version_is_the_packages():
    manifest = (pathlib.Path(__file__).parents[2] / "Cargo.toml").read_text()
    version = re.search(r'\[workspace\.package\][^[]*?\nversion = "([^"]+)"', manifest).group(1)
    ended = shale("--version")
    assert (ended.returncode, ended.stdout) == (0, f"shale {version}\n")


def test_the_first_start_that_was_cut_off_is_carried_out_again(tmp_path):
    """Without the marker of a complete first start the user's password is set anew, so that somebody knows it."""
    with running(tmp_path, insecure=False) as server:
        server.kill()
    (tmp_path / "initialised").unlink()
    with running(tmp_path, insecure=False, variables=FIRST_START) as server:
        assert sql_works(server, "shale", PASSWORD)
        assert shale("access-key", "list", "--data-dir", str(tmp_path)).stdout == f"{KEY}\tshale\n"
