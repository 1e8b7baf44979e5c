//! Generated records and filters, the same in every run. Few names and values, so that filters hit.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Document};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::{BoxedStrategy, ValueTree as _};
use proptest::test_runner::TestRunner;
use steward_domain::filter::{Comparison, TypeName};
use steward_domain::{FieldPath, Filter, Value};

/// Numbers that every type of number can hold: stores may differ in the last digit of others.
fn scalar() -> BoxedStrategy<Bson> {
    let small = -2_i32..4;
    prop_oneof![
        3 => small.clone().prop_map(Bson::Int32),
        1 => small.clone().prop_map(|n| Bson::Int64(i64::from(n))),
        2 => small.clone().prop_map(|n| Bson::Double(f64::from(n) / 2.0)),
        1 => prop_oneof![Just("1"), Just("0.5"), Just("-2"), Just("2.0")].prop_map(|d| Bson::Decimal128(d.parse().unwrap())),
        4 => prop_oneof![Just(""), Just(" "), Just("a"), Just("A"), Just("ab"), Just("b.c"), Just("Ünï"), Just("a\n"), Just("1")].prop_map(Bson::from),
        2 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => (-1_i64..3).prop_map(|n| Bson::DateTime(DateTime::from_millis(n))),
        1 => (0_u8..3).prop_map(|n| Bson::ObjectId(ObjectId::from_bytes([n; 12]))),
        1 => (0_u8..3).prop_map(|n| Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: vec![n; usize::from(n)] })),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY)].prop_map(Bson::Double),
    ]
    .boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof![Just("a"), Just("b"), Just("c"), Just("d")].prop_map(str::to_owned).boxed()
}

fn value() -> BoxedStrategy<Bson> {
    scalar()
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Bson::Array),
                vec((name(), inner), 0..3).prop_map(|fields| Bson::Document(fields.into_iter().collect())),
            ]
        })
        .boxed()
}

fn path() -> BoxedStrategy<FieldPath> {
    vec(name(), 1..3).prop_map(|names| FieldPath::new(names.join("."))).boxed()
}

fn leaf() -> BoxedStrategy<Filter> {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Ne};
    let operators = prop_oneof![Just(Eq), Just(Ne), Just(Gt), Just(Gte), Just(Lt), Just(Lte)];
    let types = prop_oneof![
        Just(TypeName::String),
        Just(TypeName::Number),
        Just(TypeName::Bool),
        Just(TypeName::Date),
        Just(TypeName::ObjectId),
        Just(TypeName::Array),
        Just(TypeName::Object),
        Just(TypeName::Binary),
        Just(TypeName::Null),
    ];
    let patterns = prop_oneof![Just("a"), Just("^a$"), Just("."), Just("b\\.c"), Just("\\w"), Just("^\\s*$"), Just("ü"), Just("[aA]b?")];
    let texts = prop_oneof![Just("a"), Just("."), Just("B.C"), Just("ün")];
    prop_oneof![
        4 => (path(), operators, value()).prop_map(|(field, cmp, v)| Filter::Compare { field, cmp, value: Value(v) }),
        2 => (path(), vec(value(), 0..3)).prop_map(|(field, vs)| Filter::In { field, values: vs.into_iter().map(Value).collect() }),
        1 => (path(), any::<bool>()).prop_map(|(field, exists)| Filter::Exists { field, exists }),
        1 => path().prop_map(|field| Filter::IsNull { field }),
        2 => path().prop_map(|field| Filter::Blank { field }),
        1 => (path(), types).prop_map(|(field, of)| Filter::IsType { field, of }),
        1 => (path(), patterns, any::<bool>()).prop_map(|(field, p, ignore_case)| Filter::Regex { field, pattern: p.to_owned(), ignore_case }),
        1 => (path(), texts.clone(), any::<bool>()).prop_map(|(field, t, ignore_case)| Filter::Contains { field, text: t.to_owned(), ignore_case }),
        1 => (path(), texts, any::<bool>()).prop_map(|(field, t, ignore_case)| Filter::StartsWith { field, text: t.to_owned(), ignore_case }),
    ]
    .boxed()
}

fn filter() -> BoxedStrategy<Filter> {
    leaf()
        .prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(|all| Filter::And { all }),
                vec(inner.clone(), 0..3).prop_map(|any| Filter::Or { any }),
                inner.prop_map(|not| Filter::Not { not: Box::new(not) }),
            ]
        })
        .boxed()
}

fn draw<T: std::fmt::Debug>(strategy: &BoxedStrategy<T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Records with integer `_id`s from 0 on and a few fields of any type and depth.
pub fn documents(count: usize) -> Vec<Document> {
    let fields = vec((name(), value()), 0..4).boxed();
    let bodies = draw(&fields, count).into_iter().enumerate();
    bodies
        .map(|(i, fields)| {
            let mut doc = bson::doc! { "_id": i32::try_from(i).unwrap() };
            doc.extend(fields);
            doc
        })
        .collect()
}

pub fn filters(count: usize) -> Vec<Filter> {
    draw(&filter(), count)
}

/// Values of many types, lists left out.
pub fn sortable(count: usize) -> Vec<Bson> {
    draw(
        &prop_oneof![4 => scalar(), 1 => vec((name(), scalar()), 0..3).prop_map(|f| Bson::Document(f.into_iter().collect()))].boxed(),
        count,
    )
}
