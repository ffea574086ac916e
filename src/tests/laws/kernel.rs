//! Rows of CSV through parser and kernel in this process, on a small made-up reference: the one place of the property tests that
//! knows the interface of the library.

use crate::calc::Kernel;
use crate::calc::rollup::merge;
use crate::factors::DataFile;
use crate::input::mapping::Mapping;
use crate::input::{self, SourceFile};
use crate::model::element::{Element, Footprints, NO_ROW, Names, Rollup};
use crate::model::movement::{MovementBatch, RowOf};
use crate::model::reject::Rejected;
use crate::model::symbol::Symbols;
use crate::output::elements::ELEMENTS;
use crate::output::encode::Encodings;
use crate::output::table::ChunkWriter;
use crate::reference::Reference;
use crate::run::compute::FixedNames;
use crate::run::merge::Cutter;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::{Arc, LazyLock};

/// Columns of the rows.
pub(super) const HEADER: &str = "shipment_id,movement_id,container_id,container_type,sequence,mode,origin,destination,departed_at,distance_km,\
    distance_basis,cargo_mass_kg,container_cargo_mass_kg,load_status,carrier,temperature,energy_carrier,energy_quantity,energy_unit";

/// First day of the second edition, which is the end of the first.
pub(super) const SECOND_EDITION: &str = "2024-01-01T00:00:00Z";
/// End of the second edition; nothing is valid from here on.
pub(super) const END: &str = "2025-01-01T00:00:00Z";
/// Intensity of a truck by edition, 10^-9 g per t.km.
pub(super) const TRUCK_OPERATION: [i64; 2] = [62_500_000_000, 61_123_456_789];

const PROFILE: &str = r#"
title = "Made up"
method = "ISO 14083:2023"
gwp_sets = ["AR6"]
after_last_edition = "reject"
prefer = "region"
sources = ["example/2", "example/1"]
default_distance_basis = "actual"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"
infer_hubs = true

[statement]
boundary = "Made-up figures"
allocation = "mass x distance"
cut_off = "UTC month of first departure"

[default_operation]
road = "road.truck"
rail = "rail.electric"
sea = "sea.feeder"
hub = "hub.terminal"

[refrigerated_uplift]
road = "1.12"

[[distance_adjustment]]
mode = "sea"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1.15"

[[distance_adjustment]]
mode = "road"
activity_basis = "actual"
intensity_basis = "sfd"
ratio = "0.952381"

[[hub]]
before = "road"
after = "rail"
operation = "hub.terminal"

[[hub]]
before = "rail"
after = "sea"
operation = "hub.terminal"
"#;

const TRANSPORT: &str = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,\
    distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note\n";
const ENERGY: &str = "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,valid_to,gwp_set,licence,source_ref,note\n";
const HUB: &str = "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,\
    valid_from,valid_to,data_category,gwp_set,licence,source_ref,note\n";

/// The reference: two editions, three modes, a terminal.
pub(super) fn reference() -> &'static Reference {
    static REFERENCE: LazyLock<Reference> = LazyLock::new(load);
    &REFERENCE
}

fn load() -> Reference {
    let transport = |validity: &str, truck: &str| {
        [
            ("truck", "road.truck", "", "", "tkm", truck),
            ("truck-acme", "road.truck", "", "ACME", "tkm", "50,10"),
            ("truck-acne", "road.truck", "", "ACNE", "tkm", "51,11"),
            ("truck-diesel", "road.truck", "diesel", "", "tkm", "70,20"),
            ("train", "rail.electric", "", "", "tkm", "0,21.37"),
            ("feeder", "sea.feeder", "", "", "teukm", "55.123456789,7.5"),
        ]
        .iter()
        .map(|(id, operation, energy, carrier, per, figures)| {
            format!("{id},{operation},{energy},GLOBAL,{carrier},ambient,{per},{figures},,,actual,,,{validity},default,,,made up,,\n")
        })
        .fold(TRANSPORT.to_owned(), |text, row| text + &row)
    };
    let hub = |validity: &str| {
        format!(
            "{HUB}terminal,hub.terminal,,GLOBAL,,ambient,t,1300.5,200.3,,,{validity},default,,,made up,\n"
        )
    };
    let energy = |validity: &str, figures: &str| {
        format!("{ENERGY}diesel,diesel,GLOBAL,l,{figures},{validity},,,made up,\n")
    };
    let (first, second) = ("2023-01-01,2024-01-01", "2024-01-01,2025-01-01");
    let library = [
        (
            "sources.csv",
            "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\n\
            example,1,T,,,,CC0,yes,AR6\nexample,2,T,,,,CC0,yes,AR6\n"
                .to_owned(),
        ),
        (
            "operations.csv",
            "operation,mode,kind,energy_carrier,title,description\nroad.truck,road,transport,,Truck,\n\
            rail.electric,rail,transport,,Train,\nsea.feeder,sea,transport,,Feeder,\nhub.terminal,hub,hub,,Terminal,\n"
                .to_owned(),
        ),
        ("profiles/example.toml", PROFILE.to_owned()),
        ("example/1/transport.csv", transport(first, "62.5,15.25")),
        ("example/2/transport.csv", transport(second, "61.123456789,14.000000001")),
        ("example/1/hub.csv", hub(first)),
        ("example/2/hub.csv", hub(second)),
        ("example/1/energy.csv", energy(first, "2600,600")),
        ("example/2/energy.csv", energy(second, "2610,610")),
    ];
    let data = [
        (
            "locations.csv",
            "locode,name,kind,latitude,longitude,source,licence\nCNNNN,Nan'an,place,,,made up,CC0\n\
            CNCKG,Chongqing,rail_terminal,,,made up,CC0\nCNQZH,Qinzhou,sea_port,,,made up,CC0\nSGSIN,Singapore,sea_port,,,made up,CC0\n",
        ),
        (
            "distances.csv",
            "mode,origin,destination,distance_km,basis,source_ref\nrail,CNCKG,CNQZH,1450.125,actual,made up\n",
        ),
        (
            "containers.csv",
            "code,teu,tare_kg,refrigerated,title\n22G1,1,2200,no,20 ft\n42G1,2,3940,no,40 ft\n",
        ),
    ];
    let library: Vec<DataFile> = library
        .into_iter()
        .map(|(path, text)| DataFile::new(path, text))
        .collect();
    let data: Vec<DataFile> = data
        .into_iter()
        .map(|(path, text)| DataFile::new(path, text))
        .collect();
    Reference::load(&library, "example", &data, &[])
        .unwrap_or_else(|faults| panic!("{faults:?}"))
        .0
}

/// An element with the ids behind it; the places of its rows in the batch are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub shipment: String,
    pub container: String,
    /// Empty: an inferred hub.
    pub movement: String,
    pub element: Element,
}

/// What became of some rows.
#[derive(Debug, Default)]
pub(super) struct Computed {
    pub elements: Vec<Found>,
    /// Everything published of each shipment, by id.
    pub shipments: Vec<(String, String)>,
    /// Sums by corridor, by section and by factor.
    pub rollup: String,
    sums: Rollup,
    pub accepted: u64,
    /// Code, shipment, movement, column, value; ascending.
    pub rejected: Vec<String>,
    /// As they came from the kernel, with what it takes to write them.
    pub footprints: Vec<Footprints>,
    pub symbols: Symbols,
}

/// Parses the rows and computes them in batches that end at `cuts` (row numbers in order of shipment id, modulo the number of rows).
pub(super) fn compute(
    reference: &Reference,
    mapping: &Mapping,
    rows: &[String],
    cuts: &[usize],
) -> Computed {
    let mut computed = Computed::default();
    let mut rejected = Vec::new();
    let batch = parse(
        reference,
        mapping,
        rows,
        &mut computed.symbols,
        &mut rejected,
    );
    let mut order: Vec<u32> = (0..batch.len() as u32).collect();
    order.sort_by_key(|&row| batch.shipment_id.get(row as usize));
    let mut ends: Vec<usize> = cuts
        .iter()
        .map(|cut| cut % (order.len() + 1))
        .chain([0, order.len()])
        .collect();
    ends.sort_unstable();
    let (mut cutter, mut work) = (Cutter::new(usize::MAX), Vec::new());
    for range in ends.windows(2) {
        let mut piece = MovementBatch::default();
        let rows: Vec<RowOf> = order[range[0]..range[1]]
            .iter()
            .map(|&row| RowOf { batch: 0, row })
            .collect();
        piece.gather(&[&batch.clone().pack()], &rows);
        cutter.push(piece, &mut work).expect("rows in order");
    }
    cutter.flush(&mut work);
    let mut kernel = Kernel::new(reference);
    for work in work {
        let mut footprints = kernel.footprint(work.batch, work.range, &computed.symbols);
        merge(&mut computed.sums, &kernel.take_rollup());
        rejected.append(&mut footprints.rejected);
        computed.accepted += footprints.accepted;
        computed
            .elements
            .extend((0..footprints.elements.len()).map(|i| found(&footprints, i)));
        computed
            .shipments
            .extend((0..footprints.shipments.len()).map(|i| shipment(&footprints, i)));
        computed.footprints.push(footprints);
    }
    computed.rollup = rollup_text(&computed.sums);
    let line = |r: &Rejected| {
        format!(
            "{} {} {} {} {}",
            r.reject.reason.code(),
            r.shipment_id,
            r.movement_id,
            r.reject.column,
            r.reject.value
        )
    };
    computed.rejected = rejected.iter().map(line).collect();
    computed.rejected.sort();
    assert_eq!(
        rows.len() as u64,
        computed.accepted + computed.rejected.len() as u64
    );
    computed
}

/// The same rows, each shipment by itself: a parser, a table of symbols and a kernel that have seen nothing else.
pub(super) fn compute_apart(reference: &Reference, mapping: &Mapping, rows: &[String]) -> Computed {
    let mut by_shipment: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows {
        let id = row.split(',').next().expect("a first cell");
        by_shipment.entry(id).or_default().push(row.clone());
    }
    let mut all = Computed::default();
    for rows in by_shipment.values() {
        let mut one = compute(reference, mapping, rows, &[]);
        all.elements.append(&mut one.elements);
        all.shipments.append(&mut one.shipments);
        all.rejected.append(&mut one.rejected);
        all.accepted += one.accepted;
        merge(&mut all.sums, &one.sums);
    }
    all.rejected.sort();
    all.rollup = rollup_text(&all.sums);
    all
}

fn rollup_text(sums: &Rollup) -> String {
    let mut lines: Vec<String> = sums
        .sections
        .iter()
        .map(|section| format!("{section:?}"))
        .chain(sums.factors.iter().map(|used| format!("{used:?}")))
        .collect();
    lines.sort();
    format!("{:?} {lines:?}", sums.corridors)
}

fn parse(
    reference: &Reference,
    mapping: &Mapping,
    rows: &[String],
    symbols: &mut Symbols,
    rejected: &mut Vec<Rejected>,
) -> MovementBatch {
    let mut file = tempfile::tempfile().expect("a file");
    let text = rows
        .iter()
        .fold(format!("{HEADER}\n"), |text, row| text + row + "\n");
    file.write_all(text.as_bytes())
        .and_then(|()| file.rewind())
        .expect("a written file");
    let source = SourceFile {
        file,
        label: "rows.csv".into(),
        index: 0,
    };
    let mut reader = input::open(
        source,
        Arc::new(mapping.clone()),
        Arc::new(reference.vocabulary()),
    )
    .expect("a CSV file");
    let mut batch = MovementBatch::default();
    while let Some(unit) = reader.next_unit().expect("a sound file") {
        for mut parsed in unit.parse().expect("a sound file") {
            let map = symbols.absorb(&parsed.symbols);
            parsed.batch.remap_symbols(&map);
            batch.extend(&parsed.batch, 0..parsed.batch.len());
            rejected.append(&mut parsed.unplaced);
        }
    }
    batch
}

fn found(f: &Footprints, i: usize) -> Found {
    let mut element = f.elements.get(i);
    let (row, anchor) = (element.row, element.anchor as usize);
    (element.row, element.anchor) = (0, 0);
    let movement = if row == NO_ROW {
        String::new()
    } else {
        f.batch.movement_id.str(row as usize).to_owned()
    };
    let (shipment, container) = (
        f.batch.shipment_id.str(anchor).to_owned(),
        f.batch.container_id.str(anchor).to_owned(),
    );
    Found {
        shipment,
        container,
        movement,
        element,
    }
}

fn shipment(f: &Footprints, i: usize) -> (String, String) {
    let s = &f.shipments;
    let head = (
        s.corridor[i],
        s.period[i],
        s.origin[i],
        s.destination[i],
        s.first_departed_at[i],
        s.last_arrived_at[i],
        s.load_status[i],
    );
    let sums = (
        s.containers[i],
        s.teu[i],
        s.mass_g[i],
        s.elements[i],
        s.rejected_rows[i],
        s.is_complete[i],
        s.totals[i],
        s.by_mode[i],
    );
    let text = format!(
        "{head:?} {} {sums:?} {} {:?} {}",
        s.modes.str(i),
        s.primary[i],
        s.activity_basis[i],
        s.flags[i].text()
    );
    (s.shipment_id.str(i).to_owned(), text)
}

/// The elements as a published Parquet file.
pub(super) fn published(reference: &Reference, computed: Computed) -> File {
    let names = FixedNames::new(reference, vec!["rows.csv".into()], Vec::new());
    let names: Names = names.with(&computed.symbols);
    let mut writer = ChunkWriter::new(&ELEMENTS, &[], Encodings::Default, &[], |_| {
        tempfile::tempfile()
    });
    for footprints in computed.footprints {
        writer
            .push(Arc::new(footprints), &names)
            .expect("a written chunk");
    }
    let mut parts = writer.finish(&names).expect("a written table");
    assert_eq!(parts.len(), 1);
    parts.remove(0).writer
}
