//! The cases, one module a subject, and the macro that turns them into tests.

pub mod analysis;
pub mod changes;
pub mod collections;
pub mod documents;
pub mod feed;
pub mod filters;
pub mod generate;
pub mod handles;
pub mod indexes;
pub mod leases;
pub mod paging;
pub mod replays;
pub mod scans;
pub mod snapshots;
pub mod upserts;

use std::sync::Arc;

use bson::{Bson, Document, RawDocumentBuf};
use futures::TryStreamExt as _;
use steward_domain::{Filter, order};
use steward_store::{Capability, Durability, Query, Store, StoreError, StoreErrorKind, StoreResult, WriteBatch, WriteOp, WriteReport};

/// Makes a `#[tokio::test]` of every case. The argument names an `async fn() -> impl Fixture` in the same module.
#[macro_export]
macro_rules! conformance {
    ($make:ident) => {
        $crate::conformance_cases! { $make;
            collections: created_once_listed_and_dropped, own_collections_are_listed_too, bad_names_are_refused,
                renamed_with_records_and_indexes, replaced_only_when_asked, renaming_what_is_missing;
            documents: every_type_comes_back_unchanged, empty_timestamps_stay_empty, generated_records_come_back_unchanged,
                ids_may_have_any_type;
            indexes: definitions_come_back_as_given, another_definition_replaces, unique_keys_are_kept_unique,
                unique_needs_unique_records, dropped_indexes_are_gone, put_off_indexes_come_back;
            filters: comparisons, sets_and_logic, missing_null_and_blank, patterns, nested_paths_and_lists, types,
                generated_filters_mean_the_reference, indexes_do_not_change_the_meaning, words, keys_and_numbers,
                words_where_they_cannot_be,
                bad_filters_are_refused;
            paging: unsorted_pages_cover_all_once, sorted_pages_are_in_order, sorted_by_an_index, sorted_by_a_partial_index, sorted_by_odd_names, mixed_types_both_ways, empty_fields_page_too,
                filtered_pages, pages_are_stable_under_writes, foreign_cursors_are_refused;
            analysis: counts, facets, facets_of_lists, histograms, scans_are_admitted;
            changes: inserted_put_and_deleted, patches_set_and_unset, patches_expect_old_values, expectations_are_exact,
                deletes_expect_old_values, a_failed_batch_leaves_nothing, bulk_fails_one_by_one, bulk_keeps_the_rest,
                many_patches_at_once_are_as_one_by_one, many_patches_of_big_and_deep_values, many_patches_with_some_that_cannot_be,
                empty_patches_change_nothing, sweeps;
            upserts: inserted_unchanged_updated, insert_only_and_merge, conflicting_writers, a_fresh_load;
            leases: a_lost_lease_writes_nothing, a_conflict_under_a_lease_is_a_conflict, a_confirmation_expects_its_own_run, collections_change_places,
                a_swap_into_a_taken_name_is_a_conflict;
            scans: parts_cover_all_once, filtered_scans, large_scans_come_in_batches;
            snapshots: definitions_come_back, a_bare_definition_is_completed, a_snapshot_is_one_moment;
            feed: follows_and_resumes, heavy_history_is_left_out, own_collections_are_announced, collections_are_announced;
            replays: what_was_done_is_reported_to_the_end, collections_come_and_go, what_was_held_beside_is_reported,
                other_histories_are_refused;
            handles: see_each_other, two_editors_one_wins, many_writers, cancelled_reads_leave_it_usable,
                cancelled_writes_are_whole_or_nothing, capabilities_are_honest, access_and_info_are_reported;
        }
    };
}

/// Used by [`conformance!`].
#[macro_export]
macro_rules! conformance_cases {
    ($make:ident; $($subject:ident: $($case:ident),+ ;)+) => {
        $(mod $subject {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let fixture = super::$make().await;
                    $crate::conformance::$subject::$case(&fixture).await;
                }
            )+
        })+
    };
}

/// The collection that most cases use.
pub const C: &str = "careers";

/// A handle with the collection made.
pub async fn open(fixture: &dyn crate::Fixture) -> Arc<dyn Store> {
    let store = fixture.open().await;
    store.create_collection(C).await.unwrap();
    store
}

/// A handle on a collection that holds these.
pub async fn with(fixture: &dyn crate::Fixture, docs: &[Document]) -> Arc<dyn Store> {
    let store = open(fixture).await;
    insert(&*store, docs).await;
    store
}

pub async fn insert(store: &dyn Store, docs: &[Document]) {
    let ops = docs.iter().map(|d| WriteOp::insert(C, d).unwrap()).collect();
    let report = store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
    assert_eq!(report.failures, [], "inserts failed");
}

/// One operation as a person's edit.
pub async fn edit(store: &dyn Store, op: WriteOp) -> StoreResult<WriteReport> {
    store.write(WriteBatch::data(vec![op]), Durability::Full).await
}

pub fn raw(doc: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(doc).unwrap()
}

pub fn plain(raw: &RawDocumentBuf) -> Document {
    Document::try_from(raw).unwrap()
}

/// The ordering key of a record's `_id`.
pub fn id_key(raw: &RawDocumentBuf) -> Vec<u8> {
    order::key(raw.get("_id").unwrap())
}

/// All pages of a query.
pub async fn pages(store: &dyn Store, query: Query) -> Vec<RawDocumentBuf> {
    let mut all = Vec::new();
    let mut query = query;
    for _ in 0..10_000 {
        let page = store.find(C, &query).await.unwrap();
        assert!(page.records.len() <= query.limit, "a page is longer than its limit");
        all.extend(page.records);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return all,
        }
    }
    panic!("the pages do not end");
}

/// Integer `_id`s of what fits, ascending.
pub async fn hits(store: &dyn Store, filter: &Filter) -> Vec<i32> {
    let mut ids: Vec<i32> = pages(store, Query::new(filter.clone(), 200)).await.iter().map(|r| r.get_i32("_id").unwrap()).collect();
    ids.sort_unstable();
    ids
}

pub async fn everything(store: &dyn Store) -> Vec<Document> {
    let mut docs: Vec<(Vec<u8>, Document)> =
        pages(store, Query::new(Filter::all(), 500)).await.iter().map(|r| (id_key(r), plain(r))).collect();
    docs.sort_by(|a, b| a.0.cmp(&b.0));
    docs.into_iter().map(|(_, d)| d).collect()
}

pub async fn by_id(store: &dyn Store, id: impl Into<Bson>) -> Option<Document> {
    store.get_many(C, "_id", &[id.into()]).await.unwrap().first().map(plain)
}

pub async fn scanned(store: &dyn Store, filter: &Filter, part: Option<steward_store::Partition>) -> Vec<RawDocumentBuf> {
    let batches: Vec<Vec<RawDocumentBuf>> = store.scan(C, filter, part).await.unwrap().try_collect().await.unwrap();
    batches.into_iter().flatten().collect()
}

pub fn has(store: &dyn Store, capability: Capability) -> bool {
    store.capabilities().has(capability)
}

pub fn assert_kind<T: std::fmt::Debug>(result: Result<T, StoreError>, kind: StoreErrorKind) {
    match result {
        Ok(value) => panic!("expected an error of kind {kind:?}, got {value:?}"),
        Err(e) => assert_eq!(e.kind, kind, "{e} {:?}", e.details),
    }
}
