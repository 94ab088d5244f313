//! The peer: HTTP, one durable append per put, a constant answer per get.

use crate::Outcome;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// First argument of the process that is the peer.
pub const FLAG: &str = "--peer";
/// The file is filled with zeros once and written in circles, as a log that is trimmed.
const FILE_BYTES: usize = 32 * 1024 * 1024;
/// Requests that one write takes.
const GROUP_MAX: usize = 1024;

type Append = (Bytes, oneshot::Sender<()>);

/// Serves until it is killed.
pub fn run(directory: &Path) -> Outcome<()> {
    let path = directory.join(format!("bench_http-peer-{}", std::process::id()));
    let file = File::create_new(&path)?;
    // Without a name it goes when the process ends, however it ends.
    std::fs::remove_file(&path)?;
    file.write_all_at(&vec![0; FILE_BYTES], 0)?;
    file.sync_all()?;
    let (appends, queue) = mpsc::channel();
    std::thread::spawn(move || append_groups(&file, &queue));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(appends))
}

fn append_groups(file: &File, queue: &mpsc::Receiver<Append>) {
    let mut offset = 0;
    while let Ok(first) = queue.recv() {
        let waiting = queue.try_iter().take(GROUP_MAX - 1);
        let (bodies, waiters): (Vec<Bytes>, Vec<_>) = std::iter::once(first).chain(waiting).unzip();
        let group = bodies.concat();
        if offset + group.len() > FILE_BYTES {
            offset = 0;
        }
        file.write_all_at(&group, offset as u64).expect("write");
        file.sync_data().expect("sync");
        offset += group.len();
        for waiter in waiters {
            // Who has hung up does not want to know.
            let _ = waiter.send(());
        }
    }
}

async fn serve(appends: mpsc::Sender<Append>) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let item = Bytes::from(format!(
        r#"{{"Item":{{"id":{{"S":"item-00000001"}},"visits":{{"N":"1"}},"active":{{"BOOL":true}},"payload":{{"S":"{:x<900}"}}}}}}"#,
        1
    ));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (appends, item) = (appends.clone(), item.clone());
        let handler = service_fn(move |request| answer(request, appends.clone(), item.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), handler));
    }
}

async fn answer(
    request: Request<Incoming>,
    appends: mpsc::Sender<Append>,
    item: Bytes,
) -> Outcome<Response<Full<Bytes>>> {
    let target = request.headers().get("x-amz-target");
    let is_put = target.is_some_and(|target| target.as_bytes().ends_with(b"PutItem"));
    let body = request.into_body().collect().await?.to_bytes();
    let answer = if is_put {
        let (done, durable) = oneshot::channel();
        appends.send((body, done))?;
        durable.await?;
        Bytes::from_static(b"{}")
    } else {
        item
    };
    let response = Response::builder()
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-crc32", "2745614147")
        .header(
            "x-amzn-requestid",
            "0000000000000000000000000000000000000000000000000000",
        );
    Ok(response.body(Full::new(answer))?)
}
