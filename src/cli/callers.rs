//! `sigap erase-caller`: forget somebody.

use crate::{
    domain::{access::Cause, phone::PhoneNumber},
    engine::Engine,
};
use clap::Args;
use std::io::Read;

/// Longest text that is read for a number, bytes.
const NUMBER_BYTES_MAX: u64 = 100;

/// Whom to forget.
#[derive(Debug, Args)]
pub struct EraseCaller {
    /// The number in any form; `-` reads it from standard input, so that no shell remembers it.
    #[arg(value_name = "NUMBER", allow_hyphen_values = true)]
    number: String,
    /// Why, for the record; sealed.
    #[arg(long)]
    reason: String,
}

/// Erases a caller in every area.
///
/// # Errors
/// A text for the person at the terminal, without a digit of the number.
pub async fn erase(options: EraseCaller, engine: &Engine) -> Result<(), String> {
    let text = if options.number == "-" {
        let mut text = String::new();
        std::io::stdin().take(NUMBER_BYTES_MAX).read_to_string(&mut text).map_err(|e| e.to_string())?;
        text
    } else {
        options.number
    };
    let number = PhoneNumber::parse(text.trim()).map_err(|e| e.to_string())?;
    let masked = number.masked();
    let cause = Cause::system(engine.now());
    let erased = engine.erase_caller(&cause, number, options.reason).await.map_err(|e| e.to_string())?;
    let areas: Vec<String> = erased.areas.iter().map(ToString::to_string).collect();
    println!("{masked} erased in {}: {} reports can be read no more", areas.join(", "), erased.reports);
    for recording in erased.recordings {
        println!("delete at the exchange: {recording}");
    }
    Ok(())
}
