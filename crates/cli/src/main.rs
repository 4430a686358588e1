//! The `nova` program: a demonstration that ends by itself, the channels of Deribit, its simulator, a
//! recorded client, and a conversation with any WebSocket endpoint.
//!
//! [`args`] says what can be asked for, [`exit`] how it can end. The commands are [`demo`], [`deribit`],
//! [`sim`], [`replay`] and [`connect`]; [`told`] is how errors are told to a human, [`interrupt`] how a human
//! ends it, and [`logs`] what is logged meanwhile.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "telling a human is what it is for")]

mod args;
mod connect;
mod demo;
mod deribit;
mod exit;
mod interrupt;
mod logs;
mod replay;
mod sim;
mod told;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Args, Command, Deribit, Sim},
    exit::Exit,
};

fn main() -> ExitCode {
    // A mistake in the arguments ends here, with status 2.
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            told::error("the runtime could not be started", &error);
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(async {
        match args.command {
            Command::Demo(wish) => demo::run(&wish).await,
            Command::Deribit(Deribit::Watch(wish)) => deribit::watch(*wish).await,
            Command::Sim(Sim::Deribit(wish)) => sim::deribit(wish).await,
            Command::Replay(wish) => replay::run(&wish),
            Command::Connect(wish) => connect::run(*wish).await,
        }
    });
    // Whatever still blocks a thread, such as a read from a terminal, must not hold up the end.
    runtime.shutdown_background();
    exit.into()
}
