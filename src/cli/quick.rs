//! The short way through the command line: only the command that was typed is built.
//!
//! Building the whole tree of commands with all their options takes longer than everything else that a command does before it
//! makes a system call. What this parser refuses, and what asks for help, goes the long way, which has the same grammar and words it.

use super::internal::InternalCommand;
use super::{Command, container};
use clap::{ArgMatches, Args, FromArgMatches as _, Subcommand as _};
use std::ffi::OsString;

/// Reads a command line of one of the commands that scripts call in numbers; nothing where it takes the long way.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Option<Command> {
    let mut words = words.into_iter().skip(1);
    let name = words.next()?;
    let name = name.to_str()?;
    let rest = words;
    match name {
        "run" => one::<container::run::RunArgs>(rest).map(Command::Run),
        "exec" => one::<container::exec::ExecArgs>(rest).map(Command::Exec),
        "create" => one::<container::create::CreateArgs>(rest).map(Command::Create),
        "start" => one::<container::start::StartArgs>(rest).map(Command::Start),
        "stop" => one::<container::stop::StopArgs>(rest).map(Command::Stop),
        "kill" => one::<container::kill::KillArgs>(rest).map(Command::Kill),
        "rm" => one::<container::rm::RmArgs>(rest).map(Command::Rm),
        "ps" => one::<container::ps::PsArgs>(rest).map(Command::Ps),
        "logs" => one::<container::logs::LogsArgs>(rest).map(Command::Logs),
        "wait" => one::<container::wait::WaitArgs>(rest).map(Command::Wait),
        "oci" => one::<super::oci::OciArgs>(rest).map(Command::Oci),
        "inspect" => one::<container::inspect::InspectArgs>(rest).map(Command::Inspect),
        "internal" => internal(rest),
        _ => None,
    }
}

/// The network helper stays: the whole tree would stay in its memory.
fn internal(words: impl Iterator<Item = OsString>) -> Option<Command> {
    let command = InternalCommand::augment_subcommands(clap::Command::new("coracle").no_binary_name(true));
    let mut matches: ArgMatches = command.try_get_matches_from(words).ok()?;
    InternalCommand::from_arg_matches_mut(&mut matches).ok().map(Command::Internal)
}

fn one<A: Args>(words: impl Iterator<Item = OsString>) -> Option<A> {
    let command = A::augment_args(clap::Command::new("coracle").no_binary_name(true).args_override_self(true));
    let mut matches: ArgMatches = command.try_get_matches_from(words).ok()?;
    A::from_arg_matches_mut(&mut matches).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn both_ways_read_the_same() {
        for line in [
            "coracle run --rm -it -e A=1 -v /etc:/x:ro --name n image cmd -x --rm",
            "coracle exec -u 1:2 c sh -c true",
            "coracle ps -a --format {{.ID}}",
            "coracle rm -f a b",
            "coracle start -a c",
            "coracle logs -f c",
            "coracle internal netd --data /d --run /r --report 3 --session-entry /r/e --idle 5",
            "coracle run -h name image",
        ] {
            let long = super::super::Cli::try_parse_from(words(line)).expect("good").command;
            let short = parse(words(line)).expect("good");
            assert_eq!(format!("{short:?}"), format!("{long:?}"));
        }
    }

    #[test]
    fn what_is_wrong_or_asks_for_help_goes_the_long_way() {
        for line in ["coracle", "coracle --version", "coracle run", "coracle run --help", "coracle ps --nosuch", "coracle images"]
        {
            assert!(parse(words(line)).is_none(), "{line}");
        }
    }
}
