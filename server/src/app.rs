//! What all requests share: clients, exports, the planner, who is logged in, what is counted.

use crate::answer::{Answer, error};
use crate::args::Args;
use crate::clients::Clients;
use crate::door::Callbacks;
use crate::exports::Exports;
use crate::failures::Failures;
use crate::pages::{Planner, Reports, Sessions};
use crate::secret;
use crate::tls::Tls;
use crate::token::Tokens;
use crate::users::Users;
use crate::watch::Counted;
use axum::http::StatusCode;
use green_corridor::process::Console;
use green_corridor::routing::Sources;
use green_corridor::{Error, Result};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;

/// Secrets that are hashed at once, and that wait for it.
const HASHES: usize = 2;
const HASHES_WAITING: usize = 64;
/// Lists and pages that are read at once, and that wait for it. Together with hashes and the planner fewer than there are threads.
const LISTS: usize = 8;
const PAGES: usize = 2;
const MOST_WAITING: usize = 256;

/// Places for work beside the connections.
pub(crate) struct Places {
    working: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Places {
    pub(crate) fn new(working: usize, waiting: usize) -> Places {
        Places {
            working: Arc::new(Semaphore::new(working)),
            queue: Arc::new(Semaphore::new(working + waiting)),
        }
    }

    /// For work that is done in pieces, each of which waits for its place.
    pub(crate) fn working(&self) -> Arc<Semaphore> {
        Arc::clone(&self.working)
    }
}

/// For who comes while too many others wait.
fn busy() -> Answer {
    let what = "too much is asked at once: please try again";
    error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", what)
}

/// What all requests share.
pub(crate) struct App {
    pub(crate) console: Console,
    pub(crate) out: PathBuf,
    pub(crate) clients: Option<Clients>,
    pub(crate) exports: Exports,
    pub(crate) tokens: Tokens,
    pub(crate) token_seconds: u32,
    pub(crate) failures: Failures,
    hashing: Semaphore,
    hashing_queue: Semaphore,
    /// For lists and documents of partners.
    pub(crate) lists: Places,
    /// For pages of runs, for their files, and for who looks at them.
    pub(crate) runs: Places,
    pub(crate) files: Places,
    pub(crate) logins: Places,
    /// Those who may look at pages.
    pub(crate) users: Option<Users>,
    pub(crate) sessions: Sessions,
    pub(crate) planner: Planner,
    pub(crate) reports: Reports,
    /// Whether nothing but this machine can reach this.
    pub(crate) is_local_only: bool,
    pub(crate) callbacks: Callbacks,
    pub(crate) counted: Counted,
    pub(crate) most_documents: usize,
    pub(crate) hide_foreign: bool,
    pub(crate) tls: Option<Tls>,
    pub(crate) behind: Vec<IpAddr>,
}

impl App {
    pub(crate) fn open(args: &Args, console: Console) -> Result<Arc<App>> {
        let out = args.out.as_deref().unwrap_or(Path::new("."));
        if !out.is_dir() {
            return Err(Error::Usage(format!(
                "{}: expected an output root",
                out.display()
            )));
        }
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::open(certificate, key)?),
            _ => None,
        };
        if !args.listen.ip().is_loopback() && tls.is_none() && args.behind.is_empty() {
            return Err(Error::Usage(format!(
                "--listen {}: others would have to send their secrets unencrypted; expected --tls-cert and --tls-key, or --behind",
                args.listen
            )));
        }
        let users = args.users.as_deref().map(Users::open).transpose()?;
        let planner = Planner::open(
            Sources {
                profile: args.profile.clone(),
                factors: args.factors.clone(),
                reference: args.reference.clone(),
                services: args.services.clone(),
                rate_cards: args.rate_card.clone(),
                rates: args.rates.clone(),
                ..Sources::default()
            },
            &console,
        )?;
        let clients = args.clients.as_deref().map(Clients::open).transpose()?;
        let exports = Exports::new(out, args.company.as_deref());
        if clients.is_some() {
            exports.refresh(&console);
        }
        Ok(Arc::new(App {
            console,
            out: out.to_owned(),
            users,
            sessions: Sessions::default(),
            planner,
            reports: Reports::default(),
            is_local_only: args.listen.ip().is_loopback() && args.behind.is_empty(),
            clients,
            exports,
            tokens: Tokens::new()?,
            token_seconds: args.token_seconds,
            failures: Failures::default(),
            hashing: Semaphore::new(HASHES),
            hashing_queue: Semaphore::new(HASHES_WAITING),
            lists: Places::new(LISTS, MOST_WAITING),
            runs: Places::new(PAGES, MOST_WAITING),
            files: Places::new(PAGES, MOST_WAITING),
            logins: Places::new(PAGES, MOST_WAITING),
            callbacks: Callbacks::new(),
            counted: Counted::default(),
            most_documents: args.page.into(),
            hide_foreign: args.hide_foreign,
            tls,
            behind: args.behind.clone(),
        }))
    }

    /// Whether a secret is that of a hash; without a hash it is none, after the same time. Failures of the account and of the address
    /// make it slower.
    pub(crate) async fn prove(
        self: &Arc<App>,
        account: String,
        from: IpAddr,
        (hash, said): (Option<String>, String),
    ) -> std::result::Result<bool, Answer> {
        let app = Arc::clone(self);
        // Of its own: who goes away before the answer has failed all the same.
        let proved = tokio::spawn(async move {
            // Hashes take memory and time on purpose: a few at once, and queues that end.
            let Some(turn) = app.failures.turn(&account, from).await else {
                return Err(busy());
            };
            let Ok(_queued) = app.hashing_queue.try_acquire() else {
                return Err(busy());
            };
            let Ok(_permit) = app.hashing.acquire().await else {
                return Ok(false);
            };
            let is_known = hash.is_some();
            let checked = tokio::task::spawn_blocking(move || {
                secret::is_secret_of(&said, hash.as_deref().unwrap_or(secret::NOBODY))
            });
            let passed = is_known && checked.await.unwrap_or(false);
            turn.ended(passed);
            Ok(passed)
        });
        proved.await.unwrap_or(Ok(false))
    }

    /// Does work that reads files or takes longer beside the connections. Few of a kind at once, so that a disk that hangs leaves threads for
    /// the others, and a queue that ends.
    pub(crate) async fn beside<T: Send + 'static>(
        &self,
        places: &Places,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<T, Answer> {
        let Ok(queued) = Arc::clone(&places.queue).try_acquire_owned() else {
            return Err(busy());
        };
        let Ok(permit) = Arc::clone(&places.working).acquire_owned().await else {
            return Err(busy());
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Whoever asked may be gone; the thread is taken until here.
            drop((queued, permit));
            done
        });
        done.await.map_err(|_| {
            error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "internal fault",
            )
        })
    }

    /// What may have changed on the disk.
    pub(crate) fn refresh(&self) {
        if let Some(clients) = &self.clients {
            clients.refresh(&self.console);
            self.exports.refresh(&self.console);
        }
    }
}

/// A connection that is open, for as long as this lives.
pub(crate) struct Open(pub(crate) Arc<App>);

impl Open {
    pub(crate) fn new(app: &Arc<App>) -> Open {
        app.counted.connections.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(app))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counted.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
