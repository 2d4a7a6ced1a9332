//! `coracle run`.

use super::attach::detach_keys;
use super::create;
use super::descriptors::Preserve;
use super::options::Options;
use super::start::{foreground, started};
use crate::cli::error::CliError;
use crate::cli::image::rmi;
use crate::cli::ui;
use crate::engine::EngineError;
use crate::engine::container::attach::{AttachRequest, Outputs};
use clap::{Args, ValueEnum};
use std::io::IsTerminal as _;
use std::time::Duration;

/// Make a container and run it
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct RunArgs {
    /// Run in the background and print the container's id
    #[arg(short, long)]
    detach: bool,
    /// Show only this stream: stdout or stderr, or both by giving it twice; with -i stdin alone, which prints the id
    #[arg(short, long, value_name = "STREAM", conflicts_with = "detach", ignore_case = true)]
    attach: Vec<Stream>,
    /// The keys that leave the container running and return here; "" for none
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,
    /// Pass signals on to the container
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    sig_proxy: bool,
    /// Remove the image, too, when the container has ended, unless another container uses it; implies --rm
    #[arg(long, conflicts_with = "detach")]
    rmi: bool,
    #[command(flatten)]
    preserve: Preserve,
    #[command(flatten)]
    options: Options,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

impl RunArgs {
    /// Has the container made by another runtime.
    pub(in crate::cli) fn use_runtime(&mut self, runtime: crate::model::OtherRuntime) {
        self.options.runtime = Some(runtime);
    }
}

/// Makes and starts the container; in the foreground its exit code is ours.
///
/// # Errors
/// See `Engine::create` and `Engine::start`.
pub fn run(mut args: RunArgs) -> Result<i32, CliError> {
    // First of all: what we open ourselves from here on could take the number of one that is not open.
    let handed = args.preserve.take_or_listening()?;
    args.options.relations.rm |= args.rmi;
    let options = &args.options;
    if args.attach.contains(&Stream::Stdin) && !options.interactive {
        return Err(CliError::Usage("--attach stdin needs -i, which keeps the container's standard input open".to_owned()));
    }
    let detach_keys = detach_keys(args.detach_keys.as_deref())?;
    if options.tty && !args.detach && !std::io::stdin().is_terminal() {
        ui::note("The input device is not a TTY. The --tty and --interactive flags might not work properly");
    }
    let (mut engine, config) = create::create(&mut args.options)?;
    let options = &args.options;
    engine.hand_on(handed);
    let outcome = engine.start(&config, !args.detach, ui::window());
    if outcome.is_err() && config.auto_remove {
        engine.remove(&config, Some(Duration::ZERO))?;
    }
    let started = started(outcome.map_err(|error: EngineError| CliError::from(error))?);
    let Some(started) = started else { return Ok(0) };
    if args.detach {
        ui::print_line(config.id.as_str())?;
        return Ok(0);
    }
    let request =
        AttachRequest { no_stdin: !options.interactive, outputs: outputs(&args.attach), detach_keys, sig_proxy: args.sig_proxy };
    if args.attach == [Stream::Stdin] {
        // Nothing of the container's own is shown, so that a script can keep the id.
        ui::print_line(config.id.as_str())?;
    }
    let code = foreground(&mut engine, &config, started, &request)?;
    if args.rmi {
        rmi::after_run(engine, &config)?;
    }
    Ok(code)
}

fn outputs(asked: &[Stream]) -> Outputs {
    match asked {
        [] => Outputs::BOTH,
        some => Outputs { stdout: some.contains(&Stream::Stdout), stderr: some.contains(&Stream::Stderr) },
    }
}
