using System.Net;
using Hnv.Api.Reports;
using Hnv.Model.Addressing;

namespace Hnv.Api.Rest;

/// <summary>What can happen to a learned address; named after the dynamic record events of Windows (Wnv 1020 to 1022).</summary>
public enum RecordEventKind
{
    /// <summary>A port proved to have a free address; usable at once.</summary>
    Added,

    /// <summary>Released, aged, or not allowed any more.</summary>
    Deleted,

    /// <summary>Another port claims it; the holder is being asked.</summary>
    PreMovement,

    /// <summary>The holder was silent: the address moved.</summary>
    PostMovement,

    /// <summary>The holder answered, or came back.</summary>
    MarkedUsable,

    /// <summary>The controller knows it, and tells the other hosts.</summary>
    MarkedSynchronized,

    /// <summary>The port is at its limit; the claim was not taken.</summary>
    Throttled,

    /// <summary>The port is near its limit.</summary>
    NearThreshold,

    /// <summary>Two hosts held it, cut off from each other; this one lost it.</summary>
    ConflictLost,
}

/// <summary>Something that happened to a learned address, as <c>GET /api/v1/events</c> tells it.</summary>
/// <param name="Number">
/// Counts the tenant's events, or those of all tenants where all are asked for, without gaps within a run of the controller; later runs have
/// greater numbers.
/// </param>
/// <param name="Time">By the clock of the host it happened on.</param>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="Note">In words for people.</param>
public sealed record RecordEvent(
    long Number, DateTimeOffset Time, RecordEventKind Event, string Tenant, string VmNetwork, uint Vsid, IPAddress? CustomerAddress, MacAddress? Mac,
    string? Host, string? Port, AddressSource? Source, string? Note);
