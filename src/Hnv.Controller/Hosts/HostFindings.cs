using System.Collections.Immutable;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// What this controller finds wrong with a host, beyond what the host says itself: an agent of another version may not know what it does not
/// understand. Computed when asked; nothing is kept but what the registry heard.
/// </summary>
internal sealed class HostFindings(PolicyHub hub, HostRegistry registry, ControllerOptions options)
{
    /// <summary>Streams in a row that the host itself left at once, from which on that is told.</summary>
    public const int Fruitless = 3;

    private const string Meanwhile = "it forwards by the policy that it has";

    /// <summary>Hosts that lack policy because of their agents' versions, or whose agents leave their streams at once.</summary>
    public int NotServedInFull => hub.Current.Hosts.Keys.Count(h => !Of(h).IsEmpty);

    /// <summary>Hosts by the protocol that their agents said last; all that are too old, or too new, together.</summary>
    public IEnumerable<KeyValuePair<int, int>> Protocols => hub.Current.Hosts.Keys.Select(h => registry.Find(h).Protocol).OfType<int>()
        .CountBy(static p => Math.Clamp(p, PolicyProtocol.Oldest - 1, PolicyProtocol.Version + 2));

    /// <summary>The host's state, with its own problems and what is found here.</summary>
    public HostState StateOf(string host)
    {
        HostState state = registry.StateOf(host);
        return state with { Problems = [.. state.Problems, .. Of(host)] };
    }

    /// <summary>Since when it is silent, and why that may be.</summary>
    public string LastWordOf(string host) => $"{registry.LastWordOf(host)}{string.Concat(Of(host).Select(static f => $" Note: {f}."))}";

    /// <summary>What the host's policy says and its agent is not told, since it would not understand it.</summary>
    /// <param name="tenant">Only networks of this tenant; null: all, and what concerns the host itself.</param>
    public ImmutableArray<string> WithheldFrom(string host, string? tenant = null)
    {
        PolicySnapshot policy = hub.Current;
        if (registry.Find(host) is not { Protocol: >= PolicyProtocol.Oldest and < PolicyProtocol.Version and var protocol } || !policy.Hosts.TryGetValue(host, out HostPolicy? own))
        {
            return [];
        }

        IEnumerable<string> networks = own.Networks.Where(n => !EarlierHostScope.IsUnderstood(policy, n, protocol)).Select(n => policy.Networks[n].Network)
            .Where(n => tenant is null || n.Tenant == tenant).Select(static n => $"{n.Tenant}/{n.Name}").Order(StringComparer.Ordinal)
            .Select(static n => $"network {n} with useExternalRouter (the host keeps what it had of it)");
        return [.. tenant is null && protocol < PolicyProtocol.ProviderRoutes ? EarlierHostScope.Withheld(own) : [], .. networks];
    }

    /// <summary>In words for people, with the remedy.</summary>
    public ImmutableArray<string> Of(string host)
    {
        HostRuntime heard = registry.Find(host);
        if (RefusalOf(heard.Protocol) is { } refusal)
        {
            return [$"{refusal}; {Meanwhile}"];
        }

        var found = ImmutableArray.CreateBuilder<string>();
        if (WithheldFrom(host) is { IsEmpty: false } withheld)
        {
            found.Add(TextOf(withheld, heard.Protocol!.Value));
        }

        if (heard.FruitlessStreams >= Fruitless && !(heard.Connected && options.Time.GetUtcNow() - heard.ConnectedSince > HostRegistry.Settled))
        {
            found.Add(
                $"its agent ended the last {heard.FruitlessStreams} streams at once: it refuses what it is sent, or does not stay; its log ('journalctl -u hnv-agent' there) says why; {Meanwhile}");
        }

        return found.ToImmutable();
    }

    /// <summary>Why an agent that understands this is not served, and what helps; null when it is.</summary>
    public static string? RefusalOf(int? protocol) => protocol switch
    {
        < PolicyProtocol.Oldest => $"its agent speaks protocol {protocol}, this controller {PolicyProtocol.Version} and the one before: update the agent (package hnv) on the host",
        > PolicyProtocol.Version + 1 => $"its agent speaks protocol {protocol}, this controller {PolicyProtocol.Version} and the one before: update the controller",
        _ => null,
    };

    private static string TextOf(ImmutableArray<string> withheld, int protocol) =>
        $"its agent speaks protocol {protocol}, this controller {PolicyProtocol.Version}, and is not told of: {string.Join("; ", withheld)}. Update the agent (package hnv) on the host";
}
