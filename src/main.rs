//! The program `sigap`.

use clap::Parser;
use sigap::{
    app,
    cli::{Cli, Command},
    config::Config,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::read(cli.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return fail(&format!("configuration: {error}")),
    };
    app::logs(&config, matches!(cli.command, Command::Serve));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(app::run(cli.command, config)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("sigap: {error}");
    ExitCode::FAILURE
}
