//! `coracle login` and `coracle logout`.

use super::registry::{is_denied, patience, places};
use crate::cli::container::targets::open_engine;
use crate::cli::error::CliError;
use crate::cli::{prompt, ui};
use crate::engine::image::{Credentials, Login, Logout, RegistryOptions};
use clap::Args;
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

/// Log in to a registry
///
/// The credentials are tried and kept in ~/.config/containers/auth.json, where they outlive a reboot; with --session in
/// $XDG_RUNTIME_DIR/containers/auth.json, until the end of the login session.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// HOST[:PORT][/PATH]; the first that registries.conf searches where not given
    registry: Option<String>,
    /// The user's name
    #[arg(short, long, value_name = "USER")]
    username: Option<String>,
    /// The password; others may see it in the list of processes
    #[arg(short, long, value_name = "PASSWORD", conflicts_with = "password_stdin")]
    password: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Take the password from a secret of the store; its name is the user's where --username is not given
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["password", "password_stdin"])]
    secret: Option<String>,
    /// Print who is logged in, and do nothing
    #[arg(long)]
    get_login: bool,
    /// Keep the credentials only until the end of the login session
    #[arg(long, conflicts_with_all = ["authfile", "compat_auth_file"])]
    session: bool,
    /// Docker's file of credentials to write, instead of ours
    #[arg(long, value_name = "FILE", conflicts_with = "authfile")]
    compat_auth_file: Option<PathBuf>,
    /// Say where the credentials are kept
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    registry_options: LoginOptions,
}

/// How the registry is asked.
#[derive(Debug, Args)]
pub struct LoginOptions {
    /// The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)
    #[arg(long, value_name = "FILE")]
    authfile: Option<PathBuf>,
    /// A folder with ca.crt, client.cert and client.key for the registry
    #[arg(long, value_name = "DIR")]
    cert_dir: Option<PathBuf>,
    /// Insist on HTTPS with a certificate that is known; false also allows plain HTTP (registries.conf decides where not given)
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tls_verify: Option<bool>,
}

/// Log out of a registry
#[derive(Debug, Args)]
pub struct LogoutArgs {
    /// HOST[:PORT][/PATH]; the first that registries.conf searches where not given
    #[arg(conflicts_with = "all")]
    registry: Option<String>,
    /// Of all registries
    #[arg(short, long)]
    all: bool,
    /// The file of credentials, instead of all others (also $REGISTRY_AUTH_FILE)
    #[arg(long, value_name = "FILE")]
    authfile: Option<PathBuf>,
    /// Docker's file of credentials, instead of ours
    #[arg(long, value_name = "FILE", conflicts_with = "authfile")]
    compat_auth_file: Option<PathBuf>,
    /// Taken for the sake of scripts: no registry is asked
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tls_verify: Option<bool>,
}

/// Logs in.
///
/// # Errors
/// The registry does not take the credentials, or they cannot be kept.
pub fn run(args: &LoginArgs) -> Result<i32, CliError> {
    let places = places()?;
    let given = &args.registry_options;
    let options = RegistryOptions {
        tls_verify: given.tls_verify,
        authfile: given.authfile.clone(),
        cert_dir: given.cert_dir.clone(),
        patience: patience()?,
        ..RegistryOptions::default()
    };
    let registry = named(args.registry.as_deref(), &places, &options)?;
    let login = Login {
        places: &places,
        options: &options,
        registry: &registry,
        compat_file: args.compat_auth_file.clone(),
        for_session: args.session,
    };
    let known = login.known()?;
    if args.get_login {
        let user = match &known {
            Some(Credentials::Password { user, .. }) => user.as_str(),
            Some(Credentials::IdentityToken(_)) => "<token>",
            None => return Err(CliError::Usage(format!("not logged into {}", login.name()))),
        };
        ui::print_line(user)?;
        return Ok(0);
    }
    if let Some(known) = known
        .clone()
        .filter(|_| args.username.is_none() && args.password.is_none() && !args.password_stdin && args.secret.is_none())
    {
        ui::note(format!("Authenticating with existing credentials for {}", login.name()));
        match login.check(known) {
            Ok(()) => {
                ui::print_line(&format!("Existing credentials are valid. Already logged in to {}", login.name()))?;
                return Ok(0);
            }
            Err(error) if is_denied(&error) => {
                ui::note("Existing credentials are invalid, please enter valid username and password");
            }
            Err(error) => return Err(error.into()),
        }
    }
    let (user, password) = credentials(args, known.as_ref())?;
    let place = login.login(&user, &password)?;
    if args.verbose {
        ui::print_line(&format!("Used: {place}"))?;
    }
    ui::print_line("Login Succeeded!")?;
    Ok(0)
}

/// Takes user and password from the options, standard input or the terminal.
fn credentials(args: &LoginArgs, known: Option<&Credentials>) -> Result<(String, String), CliError> {
    if args.password_stdin {
        let Some(user) = args.username.clone() else {
            return Err(CliError::Usage("--password-stdin wants --username too".to_owned()));
        };
        let mut password = String::new();
        let read = std::io::stdin().read_to_string(&mut password);
        read.map_err(|error| CliError::Usage(format!("read the password from standard input: {error}")))?;
        return Ok((user, password.trim_end_matches(['\n', '\r']).to_owned()));
    }
    if let Some(name) = &args.secret {
        let engine = open_engine()?;
        let data = engine.secret_data(&engine.secret(name)?)?;
        let password = String::from_utf8(data).map_err(|_| CliError::Usage(format!("the secret {name} is no text")))?;
        let user = args.username.clone().unwrap_or_else(|| name.clone());
        return Ok((user, password.trim_end_matches(['\n', '\r']).to_owned()));
    }
    if let (Some(user), Some(password)) = (&args.username, &args.password) {
        return Ok((user.clone(), password.clone()));
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "there is no terminal to ask for user and password on (use --username with --password-stdin)".to_owned(),
        ));
    }
    let user = match (&args.username, known.and_then(Credentials::user)) {
        (Some(user), _) => user.clone(),
        (None, Some(before)) => Some(prompt::line(&format!("Username ({before}): "))?)
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| before.to_owned()),
        (None, None) => prompt::line("Username: ")?,
    };
    let password = match &args.password {
        Some(password) => password.clone(),
        None => prompt::secret("Password: ", "--password-stdin")?,
    };
    Ok((user, password))
}

/// Logs out.
///
/// # Errors
/// Credentials cannot be removed.
pub fn run_logout(args: &LogoutArgs) -> Result<i32, CliError> {
    let places = places()?;
    let options = RegistryOptions { authfile: args.authfile.clone(), ..RegistryOptions::default() };
    let registry = if args.all { String::new() } else { named(args.registry.as_deref(), &places, &options)? };
    let login = Login {
        places: &places,
        options: &options,
        registry: &registry,
        compat_file: args.compat_auth_file.clone(),
        for_session: false,
    };
    if args.all {
        login.logout_all()?;
        ui::print_line("Removed login credentials for all registries")?;
        return Ok(0);
    }
    let name = login.name();
    ui::print_line(&match login.logout()? {
        Logout::Removed => format!("Removed login credentials for {name}"),
        Logout::KeptByOthers => format!(
            "Not logged into {name} with current tool. Existing credentials were established via docker login. Please use docker \
             logout instead."
        ),
        Logout::Unknown => format!("Not logged into {name}"),
    })?;
    Ok(0)
}

fn named(given: Option<&str>, places: &crate::config::Places, options: &RegistryOptions) -> Result<String, CliError> {
    if let Some(name) = given {
        return Ok(name.to_owned());
    }
    let found = Login::default_registry(places, options)?;
    found.ok_or_else(|| CliError::Usage("name the registry: registries.conf has no unqualified-search-registries".to_owned()))
}
