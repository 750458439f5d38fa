using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Maps.Tests.Support;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Debian 12's kernel, the oldest that is supported, runs this program's own tests: in a guest under QEMU, which needs no help of the processor.</summary>
public sealed class OldestKernelTests
{
    private const string Begin = "<<<results", End = "results>>>";
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(15);
    private static readonly Type[] s_classes = [typeof(KernelFeatureTests), typeof(KernelDeliveryTests), typeof(ModuleUplinkTests), typeof(ModulePortTests)];

    [Fact]
    public Task OldestSupportedKernel_DeliversEverythingWhole() => PassAsync(s_classes, "");

    /// <summary>A boot of its own, so not in the gate: there <see cref="SuperPacketTests"/> do without segment routing.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public Task OldestSupportedKernel_BootedWithoutIPv6_CarriesBothFamiliesOfTenants() => PassAsync([typeof(KernelWithoutIpv6Tests)], "ipv6.disable=1");

    /// <summary>All tests of the classes pass in a guest with these parameters of the kernel.</summary>
    private static async Task PassAsync(Type[] classes, string parameters)
    {
        string selected = string.Join(' ', classes.Select(type => $"-class {type.FullName}"));
        string console = await RunInGuestAsync(
            parameters,
            $"./{typeof(OldestKernelTests).Assembly.GetName().Name} {selected} -explicit on -noLogo -noColor -noAutoReporters -xml /tmp/results; uname -r; echo '{Begin}'; cat /tmp/results; echo; echo '{End}'");

        int begin = console.IndexOf(Begin, StringComparison.Ordinal), end = console.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin > 0 && end > begin, $"The guest did not come to an end:\n{console}");
        Assert.Contains($"\n{KernelFeatureFacts.OldestTested}.", console[..begin], StringComparison.Ordinal);
        XElement[] tests = [.. XDocument.Parse(console[(begin + Begin.Length)..end].Trim()).Descendants("test")];
        Assert.True(tests.All(test => (string?)test.Attribute("result") == "Pass"), console[..begin]);
        Assert.Equal(Methods(classes), tests.Select(test => $"{(string?)test.Attribute("type")}.{(string?)test.Attribute("method")}").Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Methods(IEnumerable<Type> classes) => classes
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.IsDefined(typeof(FactAttribute)))
        .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}")
        .Order(StringComparer.Ordinal);

    /// <returns>What the guest said on its console.</returns>
    private static async Task<string> RunInGuestAsync(string parameters, string command)
    {
        string kernel = (await RunAsync("bash", Path.Combine(Repository.Root, "scripts", "guest-kernel.sh"))).Trim();
        string image = Path.GetTempFileName();
        try
        {
            await RunAsync("bash", Path.Combine(Repository.Root, "scripts", "guest-initrd.sh"), image, kernel, RuntimeEnvironment.GetRuntimeDirectory(), AppContext.BaseDirectory, command);
            // no_timer_check: on a busy machine emulated timer interrupts come late, and the kernel would panic about that.
            string console = await RunAsync(
                "qemu-system-x86_64", "-accel", "tcg", "-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                "-kernel", Path.Combine(kernel, "vmlinuz"), "-initrd", image, "-append", $"console=ttyS0 panic=-1 quiet no_timer_check {parameters}");
            return console.Replace("\r", string.Empty, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(image);
        }
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_deadline);
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
            string output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {await error}");
            return output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
