//! Verifies a file: redb's own check of every page, the checksum of every record, and the consistency of
//! the tables. The file is opened for reading only.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::publication::Publication;
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::ReviewKey;
use grimoire_domain::spell::{Outcomes, Sequence, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::{JobCounts, Verification};
use redb::{
    Builder, Database, DatabaseError, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase,
    ReadableTable as _, ReadableTableMetadata, StorageError, TableDefinition, TableHandle as _, Value,
};

use crate::counters::Counters;
use crate::failure::{Failure, Outcome};
use crate::last_commit::LastCommit;
use crate::migrations;
use crate::open::{cannot_open, open_read_only};
use crate::outbox::publication_of;
use crate::overlay::Overlay;
use crate::record::delivery::decode_index_parts;
use crate::record::job::{JobRecord, decode_event, state_code};
use crate::record::plugin::{decode_plugin, decode_receipt};
use crate::record::review::{decode_review, key_of, parts};
use crate::record::spell::{
    content_hash, decode_change, decode_revision, decode_spell, folded, folded_tags, status_code,
};
use crate::records::Records;
use crate::reviews::latest;
use crate::schema;

/// Maximum number of reported problems: one damaged page can cause thousands.
const MOST_DAMAGE: usize = 100;

/// Verifies the store in the file at `path`, without changing it. An earlier schema version is migrated in
/// memory first.
///
/// Fails with `Invalid` if the file is not a store or too damaged to be opened, and with
/// `Unavailable` if another process has it open or it cannot be read.
pub fn verify(path: &Path) -> Result<Verification, PortError> {
    let file = open_read_only(path).map_err(|error| cannot_open(path, &error))?;
    let overlay = Overlay::new(file).map_err(|error| cannot_open(path, &error.into()))?;
    let content = LastCommit(overlay);
    // redb expects files that it wrote, and may panic on others.
    match catch_unwind(AssertUnwindSafe(|| verify_database(content, path))) {
        Ok(verification) => verification,
        Err(_) => Ok(Verification { records: 0, damage: vec!["redb cannot read the file".to_owned()] }),
    }
}

fn verify_database(content: LastCommit<Overlay>, path: &Path) -> Result<Verification, PortError> {
    let mut verification = Verification::default();
    if content.is_damaged().map_err(|error| cannot_open(path, &error.into()))? {
        verification.damage.push("the header does not name the last commit".to_owned());
    }
    let mut database =
        Builder::new().create_with_backend(content).map_err(|error| cannot_open(path, &error))?;
    match database.check_integrity() {
        Ok(true) => {}
        Ok(false) => verification.damage.push("redb's own check found damaged pages".to_owned()),
        Err(DatabaseError::Storage(StorageError::Corrupted(problem))) => {
            verification.damage.push(format!("redb's own check failed: {problem}"));
            return Ok(verification);
        }
        Err(error) => return Err(cannot_open(path, &error)),
    }
    migrations::bring_up_to_date(&database, &path.display().to_string())?;
    verify_tables(&database, &mut verification)?;
    Ok(verification)
}

fn verify_tables(database: &Database, verification: &mut Verification) -> Outcome<()> {
    let transaction = database.begin_read()?;
    let mut check = Check { transaction: &transaction, verification };
    for verify in [
        Check::spells,
        Check::revisions,
        Check::deliveries,
        Check::jobs,
        Check::reviews,
        Check::outcomes,
        Check::outbox,
        Check::plugins,
    ] {
        if let Err(failure) = verify(&mut check) {
            check.damaged(failure);
        }
    }
    Ok(())
}

struct Check<'t> {
    transaction: &'t ReadTransaction,
    verification: &'t mut Verification,
}

impl Check<'_> {
    fn damaged(&mut self, failure: Failure) {
        let problem = match failure {
            Failure::Refused(error) => error.to_string(),
            Failure::Broken(error) => error.to_string(),
        };
        self.expect(false, || problem);
    }

    fn expect(&mut self, right: bool, problem: impl FnOnce() -> String) {
        if !right && self.verification.damage.len() < MOST_DAMAGE {
            self.verification.damage.push(problem());
        }
    }

    /// Every index row is derived from a record, and every record has its rows: checks that all expected
    /// rows were found, and that there are no others.
    fn expect_rows<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'_, K, V>,
        expected: u64,
    ) -> Outcome<()> {
        let rows = self.transaction.open_table(table)?.len()?;
        self.expect(rows == expected, || format!("{} has {rows} rows instead of {expected}", table.name()));
        Ok(())
    }

    /// Calls `verify` with every record of a table. Returns true if all were read: only then can the rows
    /// of the indices be counted.
    fn each<K: Key + 'static>(
        &mut self,
        table: TableDefinition<'_, K, &'static [u8]>,
        mut verify: impl FnMut(&mut Self, K::SelfType<'_>, &[u8]) -> Outcome<()>,
    ) -> Outcome<bool> {
        let mut all = true;
        let records: Records<ReadOnlyTable<K, &'static [u8]>> = Records(self.transaction.open_table(table)?);
        for row in records.rows()? {
            self.verification.records += 1;
            let result = match row {
                Ok((key, record)) => verify(self, key.value(), record.bytes()),
                // The iteration cannot continue after a page that redb cannot read.
                Err(Failure::Broken(error)) => return Err(Failure::Broken(error)),
                Err(refused) => Err(refused),
            };
            if let Err(failure) = result {
                all = false;
                self.damaged(failure);
            }
        }
        Ok(all)
    }

    fn spells(&mut self) -> Outcome<()> {
        let statuses = self.transaction.open_table(schema::SPELL_STATUSES)?;
        let by_key = self.transaction.open_table(schema::SPELLS_BY_KEY)?;
        let by_content = self.transaction.open_table(schema::SPELLS_BY_CONTENT)?;
        let by_error_type = self.transaction.open_table(schema::SPELLS_BY_ERROR_TYPE)?;
        let by_tag = self.transaction.open_table(schema::SPELLS_BY_TAG)?;
        let revisions = self.transaction.open_table(schema::SPELL_REVISIONS)?;
        let (mut living, mut keyed, mut tagged) = (0, 0, 0);
        let all = self.each(schema::SPELLS, |check, id, record| {
            living += 1;
            let spell = decode_spell(SpellId(id), record)?.spell;
            let fields = &spell.fields;
            let status = statuses.get(id)?.map(|status| status.value());
            let mut right = status == Some(status_code(fields.status));
            match fields.key.as_deref() {
                Some(key) => {
                    keyed += 1;
                    right &= by_key.get(key)?.is_some_and(|holder| holder.value() == id);
                }
                None => right &= by_content.get((content_hash(fields), id))?.is_some(),
            }
            right &= by_error_type.get((folded(&fields.error_type).as_str(), id))?.is_some();
            for tag in folded_tags(fields) {
                tagged += 1;
                right &= by_tag.get((tag.as_str(), id))?.is_some();
            }
            check.expect(right, || format!("spell {id} is not in all of its indices"));
            let earlier = revisions.range((id, 0)..=(id, u64::MAX))?.count() as u64;
            check.expect(earlier + 1 == spell.revision, || format!("spell {id} has lost revisions"));
            Ok(())
        })?;
        if !all {
            return Ok(());
        }
        self.expect_rows(schema::SPELL_STATUSES, living)?;
        self.expect_rows(schema::SPELLS_BY_KEY, keyed)?;
        self.expect_rows(schema::SPELLS_BY_CONTENT, living - keyed)?;
        self.expect_rows(schema::SPELLS_BY_ERROR_TYPE, living)?;
        self.expect_rows(schema::SPELLS_BY_TAG, tagged)
    }

    fn revisions(&mut self) -> Outcome<()> {
        let mut last = (0, 0);
        self.each(schema::SPELL_REVISIONS, |check, (spell, revision), record| {
            decode_revision(SpellId(spell), revision, record)?;
            let expected = if last.0 == spell { last.1 + 1 } else { 1 };
            check.expect(revision == expected, || format!("revision {expected} of spell {spell} is missing"));
            last = (spell, revision);
            Ok(())
        })?;
        let mut changes = 0;
        let all = self.each(schema::SPELL_CHANGES, |check, sequence, record| {
            changes += 1;
            decode_change(Sequence(sequence), record)?;
            check.expect(sequence == changes, || format!("change {changes} is missing"));
            Ok(())
        })?;
        // Every change made one revision: an earlier one, or the current one of an existing spell.
        let revisions = self.transaction.open_table(schema::SPELL_REVISIONS)?.len()?;
        if all { self.expect_rows(schema::SPELLS, changes.saturating_sub(revisions)) } else { Ok(()) }
    }

    fn deliveries(&mut self) -> Outcome<()> {
        let by_id = self.transaction.open_table(schema::DELIVERIES_BY_ID)?;
        let jobs = Jobs::open(self.transaction)?;
        let mut deliveries = 0;
        let all = self.each(schema::DELIVERIES, |check, number, record| {
            deliveries += 1;
            let (hash, job) = decode_index_parts(number, record)?;
            let found = by_id.get((hash, number))?.is_some();
            check.expect(found, || format!("delivery number {number} is not in its index"));
            if let Some(job) = job {
                let found = jobs.contains(job)?;
                check.expect(found, || format!("job {job} of delivery number {number} is missing"));
            }
            Ok(())
        })?;
        if all { self.expect_rows(schema::DELIVERIES_BY_ID, deliveries) } else { Ok(()) }
    }

    fn jobs(&mut self) -> Outcome<()> {
        let jobs = Jobs::open(self.transaction)?;
        let by_state = self.transaction.open_table(schema::JOBS_BY_STATE)?;
        let by_lane = self.transaction.open_table(schema::JOBS_BY_LANE)?;
        self.each(schema::JOBS_OPEN, |check, id, record| {
            let job = JobRecord::decode(JobId(id), record)?;
            job.job(JobId(id))?;
            let right = !job.head.state().is_final() && jobs.ended.get(id)?.is_none();
            check.expect(right, || format!("job {id} is open and has ended"));
            Ok(())
        })?;
        let counted = Counters::load(self.transaction)?.jobs;
        let mut counts = JobCounts::default();
        let (mut ended, mut in_lanes) = (0, 0);
        let all = self.each(schema::JOBS_ENDED, |check, id, record| {
            ended += 1;
            let job = JobRecord::decode(JobId(id), record)?;
            job.job(JobId(id))?;
            let state = job.head.state();
            *counts.of_mut(state) += 1;
            let mut right = state.is_final() && by_state.get((state_code(state), id))?.is_some();
            if let Some(lane) = job.head.lane.as_deref() {
                in_lanes += 1;
                right &= by_lane.get((lane, id))?.is_some();
            }
            check.expect(right, || format!("job {id} is not in all of its indices"));
            Ok(())
        })?;
        if !all {
            return Ok(());
        }
        for state in JobState::ALL.into_iter().filter(|state| state.is_final()) {
            let (stored, found) = (counted.of(state), counts.of(state));
            self.expect(stored == found, || {
                format!("the counter of {} jobs is {stored} instead of {found}", state.as_str())
            });
        }
        self.expect_rows(schema::JOBS_BY_STATE, ended)?;
        self.expect_rows(schema::JOBS_BY_LANE, in_lanes)?;
        let mut last = (0, 0);
        self.each(schema::JOB_EVENTS, |check, (job, sequence), record| {
            decode_event(JobId(job), sequence, record)?;
            // The first event has no row.
            let expected = if last.0 == job { last.1 + 1 } else { 2 };
            let right = sequence == expected && (last.0 == job || jobs.contains(JobId(job))?);
            check.expect(right, || format!("event {expected} of job {job}, or the job, is missing"));
            last = (job, sequence);
            Ok(())
        })?;
        Ok(())
    }

    fn reviews(&mut self) -> Outcome<()> {
        let by_write = self.transaction.open_table(schema::REVIEWS_BY_WRITE)?;
        let by_repository = self.transaction.open_table(schema::REVIEWS_BY_REPOSITORY)?;
        let by_pull_request = self.transaction.open_table(schema::REVIEWS_BY_PULL_REQUEST)?;
        let mut reviews = 0;
        let all = self.each(schema::REVIEWS, |check, key, record| {
            reviews += 1;
            let key: ReviewKey = key_of(key)?;
            let write = decode_review(key.clone(), record)?.write;
            let (repository, number, sha) = parts(&key);
            let right = by_write.get(write)?.is_some_and(|row| row.value() == (repository, number, sha))
                && by_repository.get((repository, write))?.is_some_and(|row| row.value() == (number, sha))
                && by_pull_request.get((repository, number, write))?.is_some_and(|row| row.value() == sha);
            check
                .expect(right, || format!("the review of {} is not in all of its indices", key.pull_request));
            Ok(())
        })?;
        if !all {
            return Ok(());
        }
        self.expect_rows(schema::REVIEWS_BY_WRITE, reviews)?;
        self.expect_rows(schema::REVIEWS_BY_REPOSITORY, reviews)?;
        self.expect_rows(schema::REVIEWS_BY_PULL_REQUEST, reviews)
    }

    fn outcomes(&mut self) -> Outcome<()> {
        let mut counted: BTreeMap<u64, Outcomes> = BTreeMap::new();
        for row in self.transaction.open_table(schema::SPELL_OFFERS)?.iter()? {
            let key = row?.0;
            let (repository, number, spell) = key.value();
            let repository = RepositoryName::parse(repository)
                .map_err(|error| PortError::internal("an offered spell cannot be read", error))?;
            let pull_request = PullRequestId { repository, number };
            let last = latest(self.transaction, &pull_request, |_| true)?;
            self.expect(last.is_some(), || format!("{pull_request} was offered a spell and has no review"));
            let outcomes = counted.entry(spell).or_default();
            outcomes.offered += 1;
            outcomes.fixed += u64::from(last.is_some_and(|review| review.diagnosis.green));
        }
        let stored = self.transaction.open_table(schema::SPELL_OUTCOMES)?;
        for (spell, Outcomes { offered, fixed }) in &counted {
            let right = stored.get(spell)?.is_some_and(|row| row.value() == (*offered, *fixed));
            self.expect(right, || format!("the outcomes of spell {spell} are not {offered} and {fixed}"));
        }
        self.expect_rows(schema::SPELL_OUTCOMES, counted.len() as u64)
    }

    fn outbox(&mut self) -> Outcome<()> {
        let reviews = self.transaction.open_table(schema::REVIEWS)?;
        self.each(schema::OUTBOX, |check, key, record| {
            let Publication { review, .. } = publication_of(key, record)?;
            let found = reviews.get(parts(&review))?.is_some();
            check.expect(found, || format!("the review of {} is missing", review.pull_request));
            Ok(())
        })?;
        Ok(())
    }

    fn plugins(&mut self) -> Outcome<()> {
        let components = self.transaction.open_table(schema::PLUGIN_COMPONENTS)?;
        let mut versions = 0;
        let all = self.each(schema::PLUGINS, |check, name, record| {
            for version in decode_plugin(name, record)?.versions() {
                versions += 1;
                let found = components.get((name, version.digest.as_str()))?.is_some();
                check.expect(found, || format!("the component {} of {name} is missing", version.digest));
            }
            Ok(())
        })?;
        self.each(schema::PLUGIN_COMPONENTS, |_, _, _| Ok(()))?;
        self.each(schema::PLUGIN_RECEIPTS, |_, number, record| {
            decode_receipt(number, record)?;
            Ok(())
        })?;
        if all { self.expect_rows(schema::PLUGIN_COMPONENTS, versions) } else { Ok(()) }
    }
}

/// Both tables of jobs.
struct Jobs {
    open: ReadOnlyTable<u64, &'static [u8]>,
    ended: ReadOnlyTable<u64, &'static [u8]>,
}

impl Jobs {
    fn open(transaction: &ReadTransaction) -> Outcome<Self> {
        Ok(Self {
            open: transaction.open_table(schema::JOBS_OPEN)?,
            ended: transaction.open_table(schema::JOBS_ENDED)?,
        })
    }

    fn contains(&self, id: JobId) -> Outcome<bool> {
        Ok(self.open.get(id.0)?.is_some() || self.ended.get(id.0)?.is_some())
    }
}
