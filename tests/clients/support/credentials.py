"""A server with authentication, and how programs are told where it is and who they are: as docs/clients.md says."""

from support.server import running

KEY, SECRET = "AKIACLIENTS123456789", "a/secret+of=clients"
FIRST_START = {"SHALE_PASSWORD": "not used", "SHALE_ACCESS_KEY_ID": KEY, "SHALE_SECRET_ACCESS_KEY": SECRET}


def guarded(directory):
    """Starts a server that checks every signature."""
    return running(directory, insecure=False, variables=FIRST_START)


def variables(server):
    """What every AWS SDK and tool reads, and no file of the machine's own."""
    return {"AWS_ENDPOINT_URL": server.dynamodb_url, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
