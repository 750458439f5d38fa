using System.Collections.Immutable;
using Hnv.StateLog;

namespace Hnv.Controller;

/// <summary>What a controller is run with.</summary>
public sealed record ControllerOptions
{
    public const string DefaultDataDirectory = "/var/lib/hnv/controller";

    /// <summary>Where it keeps its certificates, and the state log unless <see cref="Store"/> says otherwise.</summary>
    public string DataDirectory { get; init; } = DefaultDataDirectory;

    /// <summary><c>http://127.0.0.1:8640</c> (loopback only), <c>https://ADDRESS:PORT</c> (mutual TLS), <c>unix:PATH</c> (the peer's user decides).</summary>
    public ImmutableArray<string> Listen { get; init; } = ["http://127.0.0.1:8640"];

    /// <summary>Members of this group, by name or number, may read over unix sockets; null: of the group <c>hnv</c>, if there is one.</summary>
    public string? Readers { get; init; }

    /// <summary>The state log: <c>sqlite:PATH</c> or <c>memory</c>; null: <c>state.db</c> in the data directory.</summary>
    public string? Store { get; init; }

    /// <summary>Name by which this controller calls itself to hosts and in logs.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>Least severe messages on stderr.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How often an idle stream carries a sign of life.</summary>
    public TimeSpan SignOfLife { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A stream whose receiver takes nothing for so long is cut; the host comes back with what it has.</summary>
    public TimeSpan StreamPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Changes of resources that are remembered for those who watch.</summary>
    public int HistoryLimit { get; init; } = 100_000;

    /// <summary>How often the state log forgets what was superseded; history lives between one and two of these.</summary>
    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of one request.</summary>
    public long MaxRequestBytes { get; init; } = 64L << 20;

    /// <summary>How long a one-time token is good for.</summary>
    public TimeSpan EnrollmentLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal string StoreOrDefault => Store ?? DefaultStoreOf(DataDirectory);

    /// <summary>The state log of a controller that is told of no other.</summary>
    public static string DefaultStoreOf(string dataDirectory) => StateLogFactory.NameOf(Path.Combine(dataDirectory, "state.db"));
}
