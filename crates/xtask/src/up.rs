//! `cargo xtask up`: a release build with the example data, in the foreground.

use crate::tools::{Outcome, release_server, root, target_directory};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Builds, prints how to connect, and becomes the server. Further flags go to `shale serve`.
pub fn run_server(flags: &[String]) -> Outcome {
    eprintln!("Building the release binary; the first time this takes a while.");
    let server = release_server()?;
    let target = target_directory()?;
    let home = target.join("quickstart");
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    let [password, access_key, secret] = credentials(&home.join("credentials"))?;
    let flag = |name: &str, default: &str| {
        let given = flags
            .iter()
            .position(|flag| flag == name)
            .and_then(|at| flags.get(at + 1));
        given.cloned().unwrap_or_else(|| default.to_owned())
    };
    let pg = flag("--pg-listen", "127.0.0.1:5432");
    let dynamodb = flag("--dynamodb-listen", "127.0.0.1:8000");
    println!(
        "\
Connect with psql:
  psql 'postgresql://shale:{password}@{pg}/shale'
  shale=> \\dt
  shale=> SELECT departure, carrier, flight, dest FROM flights WHERE origin_day = 'JFK#2013-01-01' AND departure < '07';
Connect with the AWS CLI or boto3:
  export AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ENDPOINT_URL_DYNAMODB=http://{dynamodb}
  aws dynamodb list-tables
  aws dynamodb get-item --table-name airports --key '{{\"faa\": {{\"S\": \"JFK\"}}}}'
  python3 -c 'import boto3; print(boto3.resource(\"dynamodb\").Table(\"airlines\").scan()[\"Items\"])'
Stop with Ctrl-C. The data stays in {data}.
",
        data = home.join("data").display()
    );
    let error = Command::new(server)
        .args(["serve", "--data-dir"])
        .arg(home.join("data"))
        .arg("--init-sql")
        .arg(root().join("examples/flights/small.sql"))
        .args(flags)
        .env("SHALE_USER", "shale")
        .env("SHALE_PASSWORD", password)
        .env("SHALE_ACCESS_KEY_ID", access_key)
        .env("SHALE_SECRET_ACCESS_KEY", secret)
        .exec();
    Err(format!("cannot start the server: {error}"))
}

/// Password, access key and secret of the quick-start database: made once, kept beside it with mode 0600.
fn credentials(path: &Path) -> Result<[String; 3], String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if !path.exists() {
        let text = format!(
            "{}\nAKIA{}\n{}\n",
            random_hex(8)?,
            random_hex(8)?.to_uppercase(),
            random_hex(20)?
        );
        let mut options = std::fs::OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        std::io::Write::write_all(&mut &file, text.as_bytes()).map_err(failed)?;
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.try_into().map_err(|_| {
        format!(
            "{} is damaged; delete it together with the data beside it",
            path.display()
        )
    })
}

fn random_hex(bytes: usize) -> Result<String, String> {
    let mut buffer = vec![0; bytes];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut buffer))
        .map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
}
