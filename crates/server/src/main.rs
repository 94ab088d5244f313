//! The `shale` binary: command line, settings, wiring and lifecycle.
//!
//! Not here: anything that a statement or request does.

mod admin;
mod cli;
mod config;
mod credentials;
mod error;
mod init_sql;
mod seal;
mod serve;

use admin::{Request, Response};
use clap::Parser;
use cli::{AccessKeyCommand, Cli, Command, NewPassword, UserCommand};
use error::Error;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deeply nested statements recurse in the parser and in DataFusion's planner.
const THREAD_STACK_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(THREAD_STACK_BYTES)
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(cli.command));
            // Everything is closed by now; a statement that never waits must not keep the process.
            runtime.shutdown_background();
            outcome
        }
        Err(source) => Err(Error::io("cannot start the runtime")(source)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shale: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Serve(flags) => serve::run(*flags).await,
        Command::User(command) => user(command).await,
        Command::AccessKey(command) => access_key(command).await,
    }
}

async fn user(command: UserCommand) -> Result<(), Error> {
    match command {
        UserCommand::Add {
            name,
            password,
            target,
        } => {
            let (password, generated) = new_password(&password)?;
            admin::send(
                &target.data_dir,
                Request::AddUser {
                    name,
                    password: password.clone(),
                },
            )
            .await?;
            print_generated(generated, &password);
        }
        UserCommand::Passwd {
            name,
            password,
            target,
        } => {
            let (password, generated) = new_password(&password)?;
            admin::send(
                &target.data_dir,
                Request::SetPassword {
                    name,
                    password: password.clone(),
                },
            )
            .await?;
            print_generated(generated, &password);
        }
        UserCommand::List { target } => {
            print(admin::send(&target.data_dir, Request::ListUsers).await?)
        }
        UserCommand::Drop { name, target } => {
            print(admin::send(&target.data_dir, Request::DropUser { name }).await?)
        }
    }
    Ok(())
}

async fn access_key(command: AccessKeyCommand) -> Result<(), Error> {
    let (directory, request): (PathBuf, Request) = match command {
        AccessKeyCommand::Create {
            user,
            read_only,
            duration_seconds,
            target,
        } => (
            target.data_dir,
            Request::CreateAccessKey {
                user,
                read_only,
                duration_seconds,
            },
        ),
        AccessKeyCommand::List { target } => (target.data_dir, Request::ListAccessKeys),
        AccessKeyCommand::Drop { id, target } => (target.data_dir, Request::DropAccessKey { id }),
    };
    print(admin::send(&directory, request).await?);
    Ok(())
}

fn print(response: Response) {
    match response {
        Response::Done | Response::Refused { .. } => {}
        Response::Users { names } => names.iter().for_each(|name| println!("{name}")),
        Response::AccessKeys { keys } => {
            for key in keys {
                let read_only = if key.read_only { "\tread-only" } else { "" };
                let expires = key
                    .expires
                    .map(|seconds| format!("\texpires {}", shale_auth::sigv4::amz_date(seconds)));
                let expires = expires.unwrap_or_default();
                println!("{}\t{}{read_only}{expires}", key.id, key.user);
            }
        }
        Response::AccessKey {
            id,
            secret,
            session_token,
        } => {
            println!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}");
            if let Some(token) = session_token {
                println!("AWS_SESSION_TOKEN={token}");
            }
        }
    }
}

/// The password of a command, and whether it was made up here.
fn new_password(source: &NewPassword) -> Result<(String, bool), Error> {
    if source.generate {
        return Ok((seal::random_text(24), true));
    }
    if let Some(password) = &source.password {
        return Ok((password.clone(), false));
    }
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(Error::io("stdin"))?;
        return Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map_err(Error::io("terminal"));
    let password = ask("Password: ")?;
    if ask("Again: ")? != password {
        return Err(Error::Refused(
            "the two passwords are not the same".to_owned(),
        ));
    }
    Ok((password, false))
}

fn print_generated(generated: bool, password: &str) {
    if generated {
        println!("{password}");
    }
}
