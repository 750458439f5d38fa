namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>The link-local IPv6 address of a VM that configures itself.</summary>
internal static class LinkLocal
{
    /// <summary>Waits until it may be used: its duplicate address detection is over.</summary>
    public static Task ReadyAsync(LabVm vm) => Eventually.TrueAsync(
        async () => (await vm.ExecAsync("ip", "-6", "-o", "address", "show", "dev", "eth0", "scope", "link")).EnsureSuccess().Output is var shown
            && shown.Contains("fe80:", StringComparison.Ordinal) && !shown.Contains("tentative", StringComparison.Ordinal) && !shown.Contains("dadfailed", StringComparison.Ordinal),
        $"{vm.Name} has a link-local address");
}
