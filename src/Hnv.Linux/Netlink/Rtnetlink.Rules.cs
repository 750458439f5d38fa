using System.Net;

namespace Hnv.Linux.Netlink;

/// <content>Rules: which routing table is asked for whom.</content>
public sealed partial class Rtnetlink
{
    /// <summary>The rules of both families; a family that this kernel runs without has none.</summary>
    public IReadOnlyList<RuleInfo> GetRules() => [.. GetRules(KernelFamily.Inet), .. GetRules(KernelFamily.Inet6)];

    /// <exception cref="NetlinkException">EEXIST when it is there.</exception>
    public void AddRule(RuleInfo rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _socket.Request(RuleRequest(RouteMessage.NewRule, Create, rule), $"add rule {rule}");
    }

    /// <returns>False when there was no such rule.</returns>
    public bool DeleteRule(RuleInfo rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        try
        {
            _socket.Request(RuleRequest(RouteMessage.DeleteRule, Change, rule), $"delete rule {rule}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    internal RuleInfo[] GetRules(byte family)
    {
        try
        {
            return [.. _socket.Request(new NetlinkRequest(RouteMessage.GetRule, Dump).Header(new RuleHeader { Family = family }), "list rules").Select(reply => RuleInfo.Read(reply))];
        }
        catch (NetlinkException e) when (e.Errno is Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP)
        {
            // The host was booted with ipv6.disable=1; or the kernel has no rules at all (EOPNOTSUPP).
            return [];
        }
    }

    internal static NetlinkRequest RuleRequest(RouteMessage message, NetlinkFlags flags, RuleInfo rule)
    {
        IPNetwork source = rule.Source ?? throw new ArgumentException("A rule for everybody is not made here.", nameof(rule));
        return new NetlinkRequest(message, flags)
            .Header(new RuleHeader { Family = KernelFamily.Of(source.BaseAddress), SourceLength = (byte)source.PrefixLength, Action = RuleAttribute.ToTable })
            .Put(RuleAttribute.Source, source.BaseAddress)
            .Put(RuleAttribute.Table, rule.Table)
            .Put(RuleAttribute.Priority, rule.Priority)
            .Put(RuleAttribute.Protocol, rule.Protocol);
    }
}
