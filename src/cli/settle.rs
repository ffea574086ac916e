//! `settle OUT`: what parties owe each other for the shipments of a month; `settle show` and `settle verify` ask about it.

use super::args::{day, path, progress_mode};
use super::{Console, engine_at, progress};
use green_corridor::quantity::{Day, counted};
use green_corridor::settlement::{Checked, Confirmed, Ordered, SettleOrder, Settlement, Shown};
use green_corridor::text::{Table, visible};
use green_corridor::{Engine, Error, ProgressMode, Result};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `settle`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    order: Option<OrderArgs>,
}

/// What else `settle` can do.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Issue what may be paid of a settlement: events, then payment orders (pain.001) per payer
    Order(IssueArgs),
    /// Match confirmations of banks with orders
    Pay(PayArgs),
    /// Dispute a claim, so that it waits, or end its dispute
    Dispute(DisputeArgs),
    /// Show what a party owes and is owed, or what a bill costs whom
    Show(ShowArgs),
    /// Check every settlement from its files alone, and compare the latest with another party's books
    Verify(VerifyArgs),
}

/// Arguments of a settlement.
#[derive(Debug, clap::Args)]
struct OrderArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Month to settle
    #[arg(long, value_name = "YYYY-MM", required = true)]
    period: String,
    /// Charges: who owes whom what, for which part of which shipments
    #[arg(long, value_name = "FILE", required_unless_present = "previous", num_args = 1.., value_parser = path())]
    charges: Vec<PathBuf>,
    /// Parties with their accounts
    #[arg(long, value_name = "FILE", required_unless_present = "previous", value_parser = path())]
    parties: Option<PathBuf>,
    /// Carbon prices
    #[arg(long, value_name = "FILE", value_parser = path())]
    prices: Option<PathBuf>,
    /// Exchange rates with date and source
    #[arg(long, value_name = "FILE", value_parser = path())]
    rates: Option<PathBuf>,
    /// Agreements to net; without one, one order per payer, payee, currency and value date
    #[arg(long, value_name = "FILE", value_parser = path())]
    agreements: Option<PathBuf>,
    /// Shares of ships' voyages between ports of call, for EU ETS
    #[arg(long, value_name = "FILE", value_parser = path())]
    calls: Option<PathBuf>,
    /// Settlement to correct on another run: what changed becomes debit and credit notes
    #[arg(long, value_name = "SETTLEMENT")]
    previous: Option<String>,
    /// Currency to settle in where a charge has none of its own [default: that of the charge]
    #[arg(long, value_name = "CUR")]
    settle_currency: Option<String>,
    /// Stage that is paid where a charge does not say
    #[arg(long, value_enum, default_value_t, value_name = "STAGE")]
    pay: Pay,
    /// Days that an exchange rate may be old
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(i32).range(0..=3660))]
    max_rate_age: i32,
    /// What becomes of claims on incomplete shipments
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    incomplete: Incomplete,
    /// Leave out claims that hold something refused, instead of settling nothing
    #[arg(long)]
    allow_refused: bool,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    progress: Option<ProgressMode>,
}

/// Stage that is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Pay {
    /// What was agreed
    #[default]
    Agreed,
    /// What was invoiced
    Invoiced,
}

/// What becomes of claims on incomplete shipments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Incomplete {
    /// They wait
    #[default]
    Dispute,
    /// They are settled
    Settle,
}

/// Arguments of `settle order`.
#[derive(Debug, clap::Args)]
struct IssueArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// Settlement [default: the latest]
    #[arg(value_name = "SETTLEMENT")]
    settlement: Option<String>,
    /// Value date of claims without one
    #[arg(long, value_name = "DATE", value_parser = day)]
    value_date: Option<Day>,
    /// Claims to order although their obligation was ordered before
    #[arg(long, value_name = "CLAIM", num_args = 1..)]
    allow_further: Vec<String>,
}

/// Arguments of `settle pay`.
#[derive(Debug, clap::Args)]
struct PayArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// camt.053 or camt.054 messages
    #[arg(long, value_name = "FILE", required = true, num_args = 1.., value_parser = path())]
    camt: Vec<PathBuf>,
}

/// Arguments of `settle dispute`.
#[derive(Debug, clap::Args)]
struct DisputeArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// Claim
    #[arg(value_name = "CLAIM")]
    claim: String,
    /// Why
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "reopen",
        conflicts_with = "reopen"
    )]
    reason: Option<String>,
    /// End the dispute instead
    #[arg(long)]
    reopen: bool,
}

/// Arguments of `settle show`.
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// Code of a party, or number of a bill
    #[arg(value_name = "PARTY|BILL")]
    what: String,
    /// Settlement [default: the latest]
    #[arg(long, value_name = "ID")]
    settlement: Option<String>,
}

/// Arguments of `settle verify`.
#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    out: PathBuf,
    /// claims.csv or the statement of another party's settlement
    #[arg(long, value_name = "FILE", value_parser = path())]
    against: Option<PathBuf>,
}

/// Settles, shows or checks.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    match (&args.action, &args.order) {
        (Some(Action::Order(order)), _) => return issue(order, console),
        (Some(Action::Pay(pay)), _) => {
            let confirmed = Engine::at(&pay.out).confirm_payments(&pay.camt)?;
            console.print(&confirmed_text(&confirmed))?;
        }
        (Some(Action::Dispute(dispute)), _) => {
            let engine = Engine::at(&dispute.out);
            let said = engine.dispute(&dispute.claim, dispute.reason.as_deref())?;
            console.print(&format!("{}\n", visible(&said)))?;
        }
        (Some(Action::Show(show)), _) => {
            let shown = Engine::at(&show.out).settlement(&show.what, show.settlement.as_deref())?;
            console.print(&shown_text(&shown))?;
        }
        (Some(Action::Verify(verify)), _) => {
            let engine = Engine::at(&verify.out);
            let checked = engine.verify_settlements(verify.against.as_deref())?;
            console.print(&checked_text(&checked))?;
            if let Some(what) = checked.compared.and_then(|compared| compared.differs) {
                return Err(Error::Verification(format!("the books differ: {what}")));
            }
        }
        (None, Some(order)) => return settle(order, console),
        (None, None) => return Err(Error::Usage("settle: expected OUT".to_owned())),
    }
    Ok(ExitCode::SUCCESS)
}

fn settle(args: &OrderArgs, console: &Console) -> Result<ExitCode> {
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    let engine = engine_at(&args.out, &progress)?;
    let settled = engine.settle(&SettleOrder {
        run: args.run.clone(),
        period: args.period.clone(),
        charges: args.charges.clone(),
        previous: args.previous.clone(),
        parties: args.parties.clone(),
        prices: args.prices.clone(),
        rates: args.rates.clone(),
        agreements: args.agreements.clone(),
        calls: args.calls.clone(),
        settle_currency: args.settle_currency.clone(),
        pays_invoiced: args.pay == Pay::Invoiced,
        most_rate_age: args.max_rate_age,
        settles_incomplete: args.incomplete == Incomplete::Settle,
        allows_refused: args.allow_refused,
    });
    progress.end();
    console.print(&settled_text(&settled?))?;
    Ok(ExitCode::SUCCESS)
}

fn issue(args: &IssueArgs, console: &Console) -> Result<ExitCode> {
    let settlement = args.settlement.as_deref();
    let engine = Engine::at(&args.out);
    let ordered = engine.order_payments(settlement, args.value_date, &args.allow_further)?;
    console.print(&ordered_text(&ordered))?;
    // Something was refused, and nothing is left that could have been ordered.
    let is_refused = !ordered.refused.is_empty() && ordered.orders.is_empty();
    Ok(ExitCode::from(if is_refused { 4 } else { 0 }))
}

fn ordered_text(ordered: &Ordered) -> String {
    let mut out = format!(
        "settlement {}: {}, {} netted, {} ordered before\n",
        ordered.settlement,
        counted(ordered.orders.len() as i128, "order"),
        counted(ordered.netted as i128, "claim"),
        counted(ordered.before as i128, "claim"),
    );
    let heads = [
        "order",
        "payer",
        "payee",
        "value date",
        "currency",
        ">amount",
        ">claims",
    ];
    out += &rows_text(&heads, &ordered.orders);
    out += &rows_text(&["not ordered", "why"], &ordered.refused);
    for file in &ordered.files {
        let _ = writeln!(out, "{}", file.display());
    }
    out
}

fn confirmed_text(confirmed: &Confirmed) -> String {
    let mut out = rows_text(
        &["order", "state", "currency", ">amount"],
        &confirmed.matched,
    );
    out += &rows_text(
        &["not matched", "currency", ">amount", "why"],
        &confirmed.unmatched,
    );
    out += &rows_text(
        &["open order", "currency", ">ordered", ">paid"],
        &confirmed.open,
    );
    let _ = writeln!(
        out,
        "{} known already; {} paid",
        counted(confirmed.known as i128, "transaction"),
        counted(confirmed.paid_claims as i128, "claim")
    );
    out
}

/// A table, or nothing where there is no row.
fn rows_text<const N: usize>(heads: &[&'static str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new(heads);
    for row in rows {
        table.row(row.iter().map(|cell| visible(cell)).collect());
    }
    table.text()
}

/// Rows of the summary that the terminal shows.
const SHOWN: usize = 60;

fn settled_text(settled: &Settlement) -> String {
    let is_old = if settled.is_old {
        ", there already"
    } else {
        ""
    };
    let mut out = format!(
        "settlement {} of {}, run {}{is_old}\n{}\n",
        settled.id,
        settled.period,
        settled.run_id,
        settled.dir.display()
    );
    let mut table = Table::new(&["", "", ">"]);
    for row in settled.summary.iter().take(SHOWN) {
        table.row(row.iter().map(|cell| visible(cell)).collect());
    }
    out += &table.text();
    if settled.summary.len() > SHOWN {
        let _ = writeln!(
            out,
            "... {} more in summary.csv",
            counted((settled.summary.len() - SHOWN) as i64, "row")
        );
    }
    out
}

fn shown_text(shown: &Shown) -> String {
    let mut out = format!("{}\n", shown.settlement);
    for part in &shown.tables {
        let _ = writeln!(out, "\n{}", part.name);
        let mut table = Table::new(&part.heads);
        for row in &part.rows {
            table.row(row.iter().map(|cell| visible(cell)).collect());
        }
        out += &table.text();
    }
    out
}

fn checked_text(checked: &Checked) -> String {
    let mut out = String::new();
    for (dir, claims, lines) in &checked.settlements {
        let _ = writeln!(
            out,
            "{dir}: {}, {}: digests, lines, postings, positions and chains hold",
            counted(i128::from(*claims), "claim"),
            counted(i128::from(*lines), "line")
        );
    }
    if let Some(compared) = checked.compared.as_ref().filter(|c| c.differs.is_none()) {
        let _ = write!(
            out,
            "the books agree in {}",
            counted(i128::from(compared.same), "claim")
        );
        if compared.others > 0 {
            let pairs = counted(i128::from(compared.others), "pair");
            let _ = write!(
                out,
                "; {pairs} of other parties stand in the other book only"
            );
        }
        out.push('\n');
    }
    out
}
