//! The command line's grammar.

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use green_corridor::LogMode;
use green_corridor::files::plain;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Pages for planners and the partner door, over published runs and finished exports
#[derive(Debug, Parser)]
#[command(
    name = "green-corridor-server",
    bin_name = "green-corridor serve",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Output root (./NAME for one that has the name of a command)
    #[arg(value_name = "OUT", value_parser = path(), required = true)]
    pub(crate) out: Option<PathBuf>,
    /// Address and port to listen on; another than a loopback one needs --tls-cert or --behind
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    /// Certificate chain, PEM; read again on SIGHUP
    #[arg(long, value_name = "FILE", value_parser = path(), requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", value_parser = path(), requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Address of a reverse proxy that ends TLS; its x-forwarded-proto and x-forwarded-host are believed
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) behind: Vec<IpAddr>,
    /// Clients of the partner door; without it there is no door
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) clients: Option<PathBuf>,
    /// Serve the exports of this company: the name of its folder in export/ileap and export/pact-3
    #[arg(long, value_name = "FOLDER", value_parser = folder)]
    pub(crate) company: Option<String>,
    /// How long a token lasts; partners want 300 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) token_seconds: u32,
    /// Documents of a page of a list at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) page: u16,
    /// Answer 404 instead of 403 for a footprint of another client: does not tell that it exists
    #[arg(long)]
    pub(crate) hide_foreign: bool,
    /// People who may look at the pages; without it they are shown to this machine alone
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) users: Option<PathBuf>,
    /// Profile of the planner
    #[arg(long, value_name = "NAME", default_value = "open")]
    pub(crate) profile: String,
    /// Factor library of the planner [default: emission_factors, or else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub(crate) factors: Option<PathBuf>,
    /// Folder of places, distances and services of the planner [default: data, or else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub(crate) reference: Option<PathBuf>,
    /// Own services on top of services.csv
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) services: Vec<PathBuf>,
    /// Own prices by lane with their days
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) rate_card: Vec<PathBuf>,
    /// Exchange rates: CSV with from,to,rate,date,source_ref
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) rates: Option<PathBuf>,
    /// Form of the lines on standard error: text for people, json for machines
    #[arg(long, value_name = "FORM", value_parser = log_mode(), global = true)]
    pub(crate) log: Option<LogMode>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Clients of the partner door
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// People who may look at the pages
    #[command(subcommand)]
    Users(UsersCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Add a user, whose password is read from standard input
    Add(AddUser),
}

/// Who is added.
#[derive(Debug, clap::Args)]
pub(crate) struct AddUser {
    /// Name to log in with: letters, digits, - . _
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// File of the users; made with mode 600 if it is not there
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Add a client; prints its secret, which is kept nowhere
    Add(AddClient),
}

/// What a new client is and may see.
#[derive(Debug, clap::Args)]
pub(crate) struct AddClient {
    /// Id of the client: letters, digits, - . _
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// File of the clients; made with mode 600 if it is not there
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) file: PathBuf,
    /// Shipments that it may see: ids, * stands for any letters
    #[arg(long, value_name = "ID", required_unless_present_any = ["shipments_file", "all"])]
    pub(crate) shipments: Vec<String>,
    /// A CSV file with the column shipment_id, as `query --format csv` writes one; read again when it changes
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) shipments_file: Option<PathBuf>,
    /// Every shipment
    #[arg(long, conflicts_with_all = ["shipments", "shipments_file"])]
    pub(crate) all: bool,
}

fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(|path| plain(&path))
}

/// A name of a folder, and no way out of the one it is in.
fn folder(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match !text.is_empty() && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => {
            Err("expected a name such as company-5493001KJTIIGC8Y1R12-0123456789ab".to_owned())
        }
    }
}

fn log_mode() -> impl TypedValueParser<Value = LogMode> {
    PossibleValuesParser::new(LogMode::LIST.map(LogMode::code)).map(|code| {
        let mut modes = LogMode::LIST.into_iter();
        modes.find(|m| m.code() == code).unwrap_or_default()
    })
}
