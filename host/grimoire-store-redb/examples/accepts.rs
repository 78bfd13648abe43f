//! What it costs to take in a webhook: wall and processor time for each delivery with its job, one at a
//! time and many at once, beside a bare append with a sync and a bare table of redb, in turn.
//!
//! `cargo run --release -p grimoire-store-redb --example accepts -- FOLDER [ROUNDS [BATCH]]`
#![allow(clippy::print_stdout, reason = "figures for people are all that it makes")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::NewJob;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::store::DeliveryStore;
use grimoire_store_redb::{Options, RedbStore};
use redb::{Database, TableDefinition};
use serde_json::json;

const PAYLOAD_BYTES: usize = 9_100;
const BATCHES: [usize; 3] = [1, 32, 256];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("give a folder on the disk to be measured")?;
    let rounds: usize = arguments.next().map_or(Ok(5), |rounds| rounds.parse())?;
    let only: Option<usize> = arguments.next().map(|batch| batch.parse()).transpose()?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for batch in BATCHES.into_iter().filter(|batch| only.is_none_or(|only| only == *batch)) {
        let writes = if batch == 1 { 400 } else { 6_400 };
        let mut store = Vec::new();
        let mut bare = Vec::new();
        let mut raw = Vec::new();
        for round in 0..rounds {
            store.push(runtime.block_on(accepts(
                &folder.join(format!("store-{batch}-{round}")),
                batch,
                writes,
            ))?);
            bare.push(one_table(&folder.join(format!("bare-{batch}-{round}")), batch, writes)?);
            raw.push(appends(&folder.join(format!("raw-{batch}-{round}")), batch, writes)?);
        }
        println!("batch {batch}, microseconds for each delivery (wall, processor)");
        for (name, mut taken) in [("store", store), ("one table", bare), ("append", raw)] {
            taken.sort_by(|a, b| a.0.total_cmp(&b.0));
            let wall = taken[taken.len() / 2].0;
            taken.sort_by(|a, b| a.1.total_cmp(&b.1));
            println!("  {name:9} {wall:8.1} {:8.1}", taken[taken.len() / 2].1);
        }
    }
    Ok(())
}

/// Wall and processor time of each of `writes`, in microseconds; the wall time of a batch of one is
/// its median.
struct Watch {
    start: Instant,
    processor: Duration,
    each: Vec<Duration>,
}

impl Watch {
    fn start() -> Self {
        Self { start: Instant::now(), processor: processor_time(), each: Vec::new() }
    }

    fn stop(mut self, writes: usize) -> (f64, f64) {
        let processor = processor_time().saturating_sub(self.processor);
        let wall = if self.each.len() == writes {
            self.each.sort_unstable();
            self.each[writes / 2]
        } else {
            self.start.elapsed() / u32::try_from(writes).expect("few writes")
        };
        (wall.as_secs_f64() * 1e6, processor.as_secs_f64() * 1e6 / writes as f64)
    }
}

/// Of this process, in steps of ten milliseconds.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn delivery(number: usize, state: &mut u64) -> anyhow::Result<(Delivery, NewJob)> {
    let id = format!("{:016x}-{:016x}", random(state), random(state));
    let delivery = Delivery {
        id: DeliveryId::parse(&id)?,
        event: "pull_request".to_owned(),
        action: Some("synchronize".to_owned()),
        repository: Some(RepositoryName::parse("octo/tools")?),
        received_at: Timestamp::now(),
        job: None,
        payload: payload(number),
    };
    let sha = format!("{:040x}", random(state));
    let job = NewJob {
        kind: "review_pull_request".to_owned(),
        lane: Some(format!("octo/tools#{number}")),
        version: Some(sha.clone()),
        payload: json!({ "repository": "octo/tools", "number": number, "head_sha": sha }),
    };
    Ok((delivery, job))
}

/// As GitHub's are: the addresses of a repository twice, and prose.
fn payload(number: usize) -> Vec<u8> {
    let mut state = 7;
    let mut word = |letters: usize| -> String {
        (0..letters).map(|_| char::from(b'a' + u8::try_from(random(&mut state) % 26).unwrap_or(0))).collect()
    };
    let links: Vec<String> = (0..30)
        .map(|_| {
            let name = word(9);
            format!(r#""{name}_url":"https://api.example.org/repos/octo/app/{name}{{/sha}}""#)
        })
        .collect();
    let links = links.join(",");
    let prose: Vec<String> = (0..365).map(|length| word(2 + length % 9)).collect();
    let mut payload = format!(r#"{{"number":{number},"head":{{{links}}},"base":{{{links}}},"body":""#);
    payload.push_str(&prose.join(" "));
    payload.push_str("\"}");
    payload.truncate(PAYLOAD_BYTES);
    payload.into_bytes()
}

async fn accepts(folder: &Path, batch: usize, writes: usize) -> anyhow::Result<(f64, f64)> {
    let path = &folder.join("grimoire.redb");
    let store = RedbStore::open(path, Options::default())?;
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut new: Vec<_> = (0..writes).map(|number| delivery(number, &mut state)).collect::<Result<_, _>>()?;
    let mut watch = Watch::start();
    if batch == 1 {
        for (delivery, job) in new {
            let start = Instant::now();
            store.record_delivery_and_enqueue(delivery, Some(job)).await?;
            watch.each.push(start.elapsed());
        }
    } else {
        let mut callers = Vec::new();
        for _ in 0..batch {
            let part = new.split_off(new.len() - writes / batch);
            let store = store.clone();
            callers.push(tokio::spawn(async move {
                for (delivery, job) in part {
                    store.record_delivery_and_enqueue(delivery, Some(job)).await?;
                }
                anyhow::Ok(())
            }));
        }
        for caller in callers {
            caller.await??;
        }
    }
    let taken = watch.stop(writes);
    store.close().await?;
    let start = Instant::now();
    let store = RedbStore::open(path, Options::default())?;
    println!("  opened with {writes} open jobs in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    store.close().await?;
    fs::remove_dir_all(folder)?;
    Ok(taken)
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("payloads");

fn one_table(path: &Path, batch: usize, writes: usize) -> anyhow::Result<(f64, f64)> {
    let database = Database::create(path)?;
    let bytes = vec![b'x'; PAYLOAD_BYTES];
    let mut watch = Watch::start();
    for group in 0..writes / batch {
        let start = Instant::now();
        let transaction = database.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for number in 0..batch {
                table.insert((group * batch + number) as u64, bytes.as_slice())?;
            }
        }
        transaction.commit()?;
        watch.each.push(start.elapsed());
    }
    let taken = watch.stop(writes);
    drop(database);
    fs::remove_file(path)?;
    Ok(taken)
}

fn appends(path: &Path, batch: usize, writes: usize) -> anyhow::Result<(f64, f64)> {
    let mut file = File::create(path)?;
    let bytes = vec![b'x'; PAYLOAD_BYTES * batch];
    let mut watch = Watch::start();
    for _ in 0..writes / batch {
        let start = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        watch.each.push(start.elapsed());
    }
    let taken = watch.stop(writes);
    fs::remove_file(path)?;
    Ok(taken)
}
