//! EnableKinesisStreamingDestination, DisableKinesisStreamingDestination, DescribeKinesisStreamingDestination,
//! UpdateKinesisStreamingDestination.
//!
//! Not here: sending (`kinesis`), keeping what is to be sent (`engine`).
//!
//! A table has one destination that is on; one that was switched off is shown until another one is switched on.

use crate::constraints::Constraints;
use crate::exception::{Exception, Subject};
use crate::json::{ObjectWriter, Structure, write_list};
use crate::kinesis::stream_name_of;
use crate::messages;
use crate::service::Service;
use shale_engine::{
    DestinationChange, DestinationState, KinesisDestination, TableChanges, TimePrecision,
};

/// The destination that a request is about.
struct Target {
    table: String,
    stream_arn: String,
    precision: Option<TimePrecision>,
}

impl Target {
    /// TableName, which must be there, StreamArn, and the member with the precision.
    fn take(
        service: &Service,
        request: &mut Structure<'_>,
        configuration: &str,
    ) -> Result<Target, Exception> {
        let table = existing_table(service, request)?;
        let stream_arn = request.string("StreamArn")?.unwrap_or_default();
        let stream_arn = stream_arn.into_owned();
        let member = "ApproximateCreationDateTimePrecision";
        let precision = match request.structure(configuration, configuration)? {
            Some(mut configuration) => configuration.string(member)?,
            None => None,
        };
        // The model allows no other words.
        let precision = precision.map(|word| match &*word {
            "MICROSECOND" => TimePrecision::Microsecond,
            _ => TimePrecision::Millisecond,
        });
        Ok(Target {
            table,
            stream_arn,
            precision,
        })
    }

    async fn change(
        &self,
        service: &Service,
        change: DestinationChange,
        status: &str,
        configuration: &str,
    ) -> Result<Vec<u8>, Exception> {
        let changes = TableChanges {
            destination: Some(change),
            ..TableChanges::default()
        };
        let changed = service.engine.update_table(&self.table, changes).await;
        changed.map_err(|error| service.exception(error, Subject::Table, &self.table))?;
        Ok(ObjectWriter::text(|answer| {
            answer.string("TableName", &self.table);
            answer.string("StreamArn", &self.stream_arn);
            answer.string("DestinationStatus", status);
            if let Some(precision) = self.precision {
                answer.object(configuration, |configuration| {
                    write_precision(configuration, precision);
                });
            }
        }))
    }
}

const ENABLE: &str = "EnableKinesisStreamingConfiguration";
const UPDATE: &str = "UpdateKinesisStreamingConfiguration";

pub(crate) async fn enable_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let target = Target::take(service, &mut request, ENABLE)?;
    if service.kinesis.is_none() {
        return Err(Exception::validation(messages::NO_KINESIS));
    }
    if stream_name_of(&target.stream_arn).is_none() {
        let message = messages::not_a_kinesis_arn(&target.stream_arn);
        return Err(Exception::validation(message));
    }
    let change = DestinationChange::Enable {
        stream_arn: target.stream_arn.clone(),
        precision: target.precision.unwrap_or_default(),
    };
    target.change(service, change, "ENABLING", ENABLE).await
}

pub(crate) async fn disable_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let target = Target::take(service, &mut request, ENABLE)?;
    let change = DestinationChange::Disable {
        stream_arn: target.stream_arn.clone(),
    };
    target.change(service, change, "DISABLING", ENABLE).await
}

pub(crate) async fn update_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let target = Target::take(service, &mut request, UPDATE)?;
    let Some(precision) = target.precision else {
        return Err(Exception::validation(messages::NO_PRECISION));
    };
    let change = DestinationChange::Precision {
        stream_arn: target.stream_arn.clone(),
        precision,
    };
    target.change(service, change, "UPDATING", UPDATE).await
}

pub(crate) fn describe_kinesis_streaming_destination(
    service: &Service,
    mut request: Structure<'_>,
) -> Result<Vec<u8>, Exception> {
    let table = existing_table(service, &mut request)?;
    let described = service.engine.describe_table(&table);
    let described = described.map_err(|error| service.exception(error, Subject::Table, &table))?;
    let destination = &described.definition.derived.destination;
    Ok(ObjectWriter::text(|answer| {
        answer.string("TableName", &table);
        let destinations = answer.member("KinesisDataStreamDestinations");
        write_list(destinations, destination, |out, destination| {
            let mut object = ObjectWriter::begin(out);
            write_destination(&mut object, service, destination);
            object.end();
        });
    }))
}

fn write_destination(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    destination: &KinesisDestination,
) {
    out.string("StreamArn", &destination.stream_arn);
    let status = match &destination.state {
        DestinationState::Enabling { .. } => "ENABLING",
        DestinationState::Active { .. } => "ACTIVE",
        DestinationState::Disabled => "DISABLED",
        DestinationState::EnableFailed { .. } => "ENABLE_FAILED",
    };
    out.string("DestinationStatus", status);
    let trouble = match (&destination.state, destination.stream(), &service.kinesis) {
        (DestinationState::EnableFailed { reason }, ..) => Some(reason.clone()),
        (_, Some(stream), Some(kinesis)) => kinesis.trouble(stream.id),
        (_, Some(_), None) => Some(messages::NO_KINESIS.to_owned()),
        (_, None, _) => None,
    };
    if let Some(trouble) = trouble {
        out.string("DestinationStatusDescription", &trouble);
    }
    write_precision(out, destination.precision);
}

fn write_precision(out: &mut ObjectWriter<'_>, precision: TimePrecision) {
    let word = match precision {
        TimePrecision::Millisecond => "MILLISECOND",
        TimePrecision::Microsecond => "MICROSECOND",
    };
    out.string("ApproximateCreationDateTimePrecision", word);
}

fn existing_table(service: &Service, request: &mut Structure<'_>) -> Result<String, Exception> {
    let mut constraints = Constraints::default();
    let table = constraints.table_name(service, request)?.into_owned();
    constraints.check()?;
    let description = service.engine.describe_table(&table);
    description.map_err(|error| service.exception(error, Subject::Table, &table))?;
    Ok(table)
}
