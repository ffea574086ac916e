//! Connections: how many, from where, how fast; TLS and plain HTTP on one port; and the end, which lets answers that are under way finish.

use crate::app::{App, Open};
use crate::args::Args;
use crate::front::{Peer, answered};
use crate::routes::router;
use crate::timed::Timed;
use axum::Router;
use green_corridor::{Error, Level, Result};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Connections at once, and those of one address.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 256;
/// Largest head of a request.
const MOST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// How long a handshake, a head, an idle connection and a stuck write may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
const HEAD_TIME: Duration = Duration::from_secs(20);
const WRITE_TIME: Duration = Duration::from_secs(30);
/// How long answers that are under way have at the end.
const END_TIME: Duration = Duration::from_secs(20);
/// How often the disk is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// Listens until SIGINT or SIGTERM.
pub(crate) async fn run(app: Arc<App>, args: &Args) -> Result<()> {
    let fault = |e: std::io::Error| Error::Storage(format!("{}: cannot listen: {e}", args.listen));
    let listener = TcpListener::bind(args.listen).await.map_err(fault)?;
    let at = listener.local_addr().map_err(fault)?;
    count_panics(&app);
    let mut signals = Signals::new()?;
    let scheme = if app.tls.is_some() { "https" } else { "http" };
    // The port is what a program that chose 0 reads here.
    app.console
        .print(&format!("listening on {scheme}://{at}\n"))?;
    let (stop, stopping) = watch::channel(false);
    let looking = tokio::spawn(look(Arc::clone(&app)));
    let connections = Arc::new(Semaphore::new(MOST));
    let of_one = Arc::new(Mutex::new(HashMap::new()));
    let router = router(Arc::clone(&app));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = signals.interrupt.recv() => break,
            _ = signals.terminate.recv() => break,
            _ = signals.hang_up.recv() => {
                reload(&app);
                continue;
            }
        };
        let Ok((stream, from)) = accepted else {
            // Out of files, or a connection that is gone already: others are on their way.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let permit = Arc::clone(&connections).try_acquire_owned();
        // All partners come from the address of the proxy, which has limits of its own.
        let counted = match app.behind.contains(&from.ip()) {
            true => Some(None),
            false => OfOne::take(&of_one, from.ip()).map(Some),
        };
        let Some((permit, counted)) = permit.ok().zip(counted) else {
            app.counted
                .refused_connections
                .fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let (open, router, stopping) = (Open::new(&app), router.clone(), stopping.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            connection(&open.0, router, stream, from.ip(), stopping).await;
            drop((open, counted, permit));
        });
    }
    drop(listener);
    looking.abort();
    let _ = stop.send(true);
    app.console.message(Level::Info, "stopping");
    let all = u32::try_from(MOST).unwrap_or(u32::MAX);
    let _ = timeout(END_TIME, connections.acquire_many(all)).await;
    Ok(())
}

fn reload(app: &App) {
    if let Some(tls) = &app.tls {
        match tls.reload() {
            Ok(()) => app.console.message(Level::Info, "certificate read again"),
            Err(error) => {
                let what = format!("the certificate stays as it was: {error}");
                app.console.message(Level::Warning, &what);
            }
        }
    }
}

/// A panic ends its connection, and is counted: there should be none.
fn count_panics(app: &Arc<App>) {
    let app = Arc::clone(app);
    std::panic::set_hook(Box::new(move |info| {
        app.counted.panics.fetch_add(1, Ordering::Relaxed);
        let place = info.location().map_or(String::new(), |at| {
            format!(" at {}:{}", at.file(), at.line())
        });
        let what = info.payload_as_str().unwrap_or("no message");
        app.console
            .message(Level::Warning, &format!("internal fault: {what}{place}"));
    }));
}

/// Looks for what has changed on the disk.
async fn look(app: Arc<App>) {
    let mut often = interval(LOOK);
    often.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        often.tick().await;
        let app = Arc::clone(&app);
        let _ = tokio::task::spawn_blocking(move || app.refresh()).await;
    }
}

/// Serves one connection, whichever of the two it speaks.
async fn connection(
    app: &Arc<App>,
    router: Router,
    stream: TcpStream,
    ip: IpAddr,
    stopping: watch::Receiver<bool>,
) {
    let mut first = [0];
    let Ok(Ok(1)) = timeout(HANDSHAKE_TIME, stream.peek(&mut first)).await else {
        return;
    };
    let is_tls = first[0] == HANDSHAKE;
    let peer = Peer { ip, is_tls };
    match &app.tls {
        Some(tls) if is_tls => {
            let shaken = timeout(HANDSHAKE_TIME, tls.acceptor().accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                requests(app, router, stream, peer, stopping).await;
            }
        }
        None if is_tls => (),
        _ => requests(app, router, stream, peer, stopping).await,
    }
}

async fn requests(
    app: &Arc<App>,
    router: Router,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let answer = answered(Arc::clone(app), router.clone(), peer, request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let stream = TokioIo::new(Timed::new(stream, WRITE_TIME));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A connection of an address, for as long as this lives.
struct OfOne {
    all: Arc<Mutex<HashMap<IpAddr, usize>>>,
    ip: IpAddr,
}

impl OfOne {
    fn take(all: &Arc<Mutex<HashMap<IpAddr, usize>>>, ip: IpAddr) -> Option<OfOne> {
        let mut counts = all.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_insert(0);
        if *count >= MOST_OF_ONE {
            return None;
        }
        *count += 1;
        Some(OfOne {
            all: Arc::clone(all),
            ip,
        })
    }
}

impl Drop for OfOne {
    fn drop(&mut self) {
        let mut counts = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Signals> {
        let watched =
            |kind| signal(kind).map_err(|e| Error::Internal(format!("cannot watch signals: {e}")));
        Ok(Signals {
            interrupt: watched(SignalKind::interrupt())?,
            terminate: watched(SignalKind::terminate())?,
            hang_up: watched(SignalKind::hangup())?,
        })
    }
}
