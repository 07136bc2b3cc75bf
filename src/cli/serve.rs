//! `translate serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use clap::Args;

use super::exit::Exit;
use super::globals::Globals;
use super::interrupt;
use super::output::print;
use crate::picture::{Amount, MAX_BYTES, MAX_PIXELS, PictureLimits};
use crate::serve::{ServeOptions, Server};

/// Arguments of `translate serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate serve --open\n  translate serve --root photos --root results\n  translate serve --bind 0.0.0.0:7860 --host studio.lan\n\nOther machines reach it under an address that is not 127.0.0.1, and need the token that is printed then. Whoever has it can use\nthe styles, train new ones, and read and write pictures below the roots. Nothing is encrypted: use a network that you trust, or\na tunnel such as `ssh -L 7860:127.0.0.1:7860 machine`."
)]
pub struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7860")]
    bind: SocketAddr,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
    /// What requests must know, at least 16 letters, digits, - or _ [default: none on 127.0.0.1; on other addresses one is
    /// made and printed]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// A name by which other machines reach this one, beside its address; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Folder in which the page may name folders to translate and to train on; may be repeated
    #[arg(long, value_name = "DIR")]
    root: Vec<PathBuf>,
    /// Pictures that wait for the network; more are refused for the time being
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    queue: u32,
    /// Refuse pictures of more pixels than this, such as 300M
    #[arg(long, value_name = "N", default_value_t = Amount(MAX_PIXELS))]
    max_pixels: Amount,
    /// Refuse files of more bytes than this, such as 2G; all pictures on their way take no more
    #[arg(long, value_name = "N", default_value_t = Amount(MAX_BYTES))]
    max_bytes: Amount,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let program = std::env::current_exe().context("this program's file cannot be found")?;
    let server = Server::open(ServeOptions {
        bind: arguments.bind,
        token: arguments.token,
        hosts: arguments.host,
        checkpoints: globals.checkpoints.clone(),
        roots: arguments.root,
        device: globals.device,
        threads: globals.threads.unwrap_or(0),
        limits: PictureLimits {
            pixels: arguments.max_pixels.0,
            bytes: arguments.max_bytes.0,
        },
        queue: arguments.queue as usize,
        program,
    })?;
    let page = server.page();
    let stop = interrupt::flag();
    print(format_args!("serving {page}"))?;
    if let Some(token) = server.token() {
        tracing::info!("the token is {token}");
    }
    tracing::info!("Ctrl-C stops");
    if arguments.open
        && let Err(error) = open(&page)
    {
        tracing::warn!("no browser could be started ({error}): open {page}");
    }
    server.run(&stop)?;
    Ok(Exit::Done)
}

/// Opens an address in the browser that the system has.
fn open(page: &str) -> std::io::Result<()> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    Command::new(program)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(|_| ())
}
