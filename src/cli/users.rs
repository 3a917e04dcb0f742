//! `sigap user`: people who can log in.

use super::grant;
use crate::{
    domain::{
        access::{Cause, Grant},
        account::LoginName,
    },
    engine::Engine,
};
use clap::Subcommand;

/// People who can log in.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Set up an account. The password is read from SIGAP_PASSWORD, or made and printed once.
    #[command(
        after_help = "Examples:\n  sigap user add --login bpn-dispatch --grant dispatcher@BPN\n  sigap user add --login root --grant admin@ID --grant commander@ID"
    )]
    Add {
        /// The name to log in with.
        #[arg(long)]
        login: LoginName,
        /// A role in an area and everything below it: officer, operator, dispatcher, commander, admin.
        #[arg(long = "grant", value_name = "ROLE@AREA", required = true, value_parser = grant)]
        grants: Vec<Grant>,
        /// The password.
        #[arg(long, env = "SIGAP_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
}

/// Runs a user command.
///
/// # Errors
/// A text for the person at the terminal.
pub async fn run(command: UserCommand, engine: &Engine) -> Result<(), String> {
    let UserCommand::Add { login, grants, password } = command;
    let made = password.is_none();
    let password = match password {
        Some(password) => password,
        None => engine.random_password().map_err(|e| e.to_string())?,
    };
    let cause = Cause::system(engine.now());
    let id = engine.add_account(&cause, login.clone(), password.clone(), grants).await.map_err(|e| e.to_string())?;
    println!("account {id}, login {login}");
    if made {
        println!("password {password}  (shown once)");
    }
    Ok(())
}
