using System.Collections.Immutable;
using Hnv.Model;

namespace Hnv.Agent;

/// <summary>What <c>hnv agent</c> was told, validated. Made by <see cref="TryCreate"/> only.</summary>
public sealed record AgentOptions
{
    /// <summary>Where the state lies unless said otherwise.</summary>
    public const string DefaultStateDirectory = "/var/lib/hnv/agent";

    /// <summary>UDP port of VXLAN (RFC 7348, section 8).</summary>
    public const ushort DefaultVxlanPort = Wire.VxlanHeader.Port;

    /// <summary>Longest interface name the kernel knows (IFNAMSIZ less the terminator).</summary>
    internal const int MaxInterfaceName = 15;

    private AgentOptions()
    {
    }

    /// <summary>Name of this host in policy.</summary>
    public string Host { get; private init; } = string.Empty;

    /// <summary>The controllers, tried in turn; <c>http</c>, <c>https</c> or <c>unix</c> (an absolute path).</summary>
    public ImmutableArray<string> Controllers { get; private init; } = [];

    /// <summary>Names of the interfaces on the provider network.</summary>
    public ImmutableArray<string> Uplinks { get; private init; } = [];

    /// <summary>Absolute path of the directory that holds the last policy, identity and local socket; one agent at a time.</summary>
    public string StateDirectory { get; private init; } = DefaultStateDirectory;

    /// <summary>Remove what the agent of this state directory owns in the kernel, and its policy on disk, then end.</summary>
    public bool Purge { get; private init; }

    /// <summary>With <see cref="Purge"/>: leave the certificate that <c>hnv agent join</c> got.</summary>
    public bool KeepIdentity { get; init; }

    /// <summary>UDP port that VXLAN is sent to and received at; the same on every host.</summary>
    public ushort VxlanPort { get; private init; } = DefaultVxlanPort;

    /// <summary>Validates everything at once. With <paramref name="purge"/> only the state directory is needed.</summary>
    /// <param name="host">Value of --host.</param>
    /// <param name="controllers">Values of --controller; each may hold several, separated by commas.</param>
    /// <param name="uplinks">Values of --uplink; likewise.</param>
    /// <param name="state">Value of --state, or null for the default.</param>
    /// <param name="purge">Whether --purge was given.</param>
    /// <param name="vxlanPort">Value of --vxlan-port, or null for the default.</param>
    /// <param name="options">The options, when true is returned.</param>
    /// <param name="findings">Everything that is wrong, when false is returned. Fields are option names.</param>
    public static bool TryCreate(
        string? host,
        IEnumerable<string>? controllers,
        IEnumerable<string>? uplinks,
        string? state,
        bool purge,
        out AgentOptions? options,
        out ImmutableArray<Finding> findings,
        int? vxlanPort = null)
    {
        var found = ImmutableArray.CreateBuilder<Finding>();
        void Add(string option, string problem, string remedy) => found.Add(new Finding("hnv agent", option, problem, remedy));

        if (!IsName(host) && !(purge && string.IsNullOrEmpty(host)))
        {
            Add("--host", string.IsNullOrEmpty(host) ? "is missing" : $"'{host}' is not a name", "letters, digits, '-', '_' and '.', at most 63, as in `kind: Host`");
        }

        var uris = ImmutableArray.CreateBuilder<string>();
        foreach (string text in Split(controllers))
        {
            if (TryParseController(text, out string uri))
            {
                uris.Add(uri);
            }
            else
            {
                Add("--controller", $"'{text}' is not the address of a controller", "http://ADDRESS:PORT, https://ADDRESS:PORT or unix:/PATH");
            }
        }

        if (uris.Count == 0 && found.All(f => f.Field != "--controller") && !purge)
        {
            Add("--controller", "is missing", "http://ADDRESS:PORT, https://ADDRESS:PORT or unix:/PATH");
        }

        var links = ImmutableArray.CreateBuilder<string>();
        foreach (string text in Split(uplinks))
        {
            if (!IsInterfaceName(text))
            {
                Add("--uplink", $"'{text}' is not an interface name", $"a name as `ip link` shows it, at most {MaxInterfaceName} characters");
            }
            else if (links.Contains(text))
            {
                Add("--uplink", $"'{text}' is given twice", "each uplink once");
            }
            else
            {
                links.Add(text);
            }
        }

        if (links.Count == 0 && found.All(f => f.Field != "--uplink") && !purge)
        {
            Add("--uplink", "is missing", "the interface that holds this host's provider address, e.g. eth0");
        }

        if (vxlanPort is < 1 or > ushort.MaxValue)
        {
            Add("--vxlan-port", $"{vxlanPort} is not a UDP port", "1 to 65535; 4789 unless all hosts use another one");
            vxlanPort = null;
        }

        string directory = state ?? DefaultStateDirectory;
        if (directory.Length == 0 || directory.Contains('\0', StringComparison.Ordinal))
        {
            Add("--state", "is not a path", "a directory, e.g. " + DefaultStateDirectory);
            directory = DefaultStateDirectory;
        }

        findings = found.ToImmutable();
        options = findings.IsEmpty
            ? new AgentOptions
            {
                Host = host ?? string.Empty,
                Controllers = uris.ToImmutable(),
                Uplinks = links.ToImmutable(),
                StateDirectory = Path.GetFullPath(directory),
                Purge = purge,
                VxlanPort = (ushort)(vxlanPort ?? DefaultVxlanPort),
            }
            : null;
        return options is not null;
    }

    /// <summary>What the kernel accepts as an interface name.</summary>
    internal static bool IsInterfaceName(string? text) =>
        text is { Length: > 0 and <= MaxInterfaceName } and not "." and not ".."
        && !text.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c) || c > '~');

    private static bool IsName(string? text) =>
        text is { Length: > 0 and <= 63 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && text is not "." and not "..";

    private static IEnumerable<string> Split(IEnumerable<string>? values) =>
        (values ?? []).SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static bool TryParseController(string text, out string address)
    {
        address = text;
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            address = "unix:/" + text["unix:".Length..].TrimStart('/');
            return text["unix:".Length..].StartsWith('/') && address.Length > "unix:/".Length;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            && uri.Scheme is "http" or "https"
            && uri.HostNameType is not UriHostNameType.Unknown
            && uri.Host.Length > 0;
    }
}
