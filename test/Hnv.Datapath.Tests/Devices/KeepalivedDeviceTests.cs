using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Hnv.Datapath.Layouts;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// keepalived in VMs of two hosts, no agent, and one burst of announcements only when a router becomes the master. What comes too early for it,
/// because the old master's kernel still answers for the address, is left to the advertisements.
/// </summary>
public sealed class KeepalivedDeviceTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("hnv-vrrp-").FullName;
    private readonly DeviceLab _lab = new();
    private readonly List<Process> _routers = [];
    private readonly ConcurrentQueue<string> _said = new();
    private readonly DeviceAdapter _preferred;
    private readonly DeviceAdapter _client;
    private readonly DeviceAdapter _backup;
    private readonly IPAddress[] _vips;

    public KeepalivedDeviceTests()
    {
        _preferred = _lab.AddVethVm(_lab.A, _lab.Near, 5);
        _client = _lab.AddVethVm(_lab.A, _lab.Near, 6);
        _backup = _lab.AddVethVm(_lab.B, _lab.Near, 7);
        _vips = [_lab.Near.Address4(50), _lab.Near.Address6(50)];
        LearningDeviceTests.Learn(_lab.A, _lab.B, _preferred, _client);
        LearningDeviceTests.Learn(_lab.B, _lab.A, _backup);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Address_MovesToTheBackupWhenTheMasterResigns_AndBackWhenItPreempts(bool virtualMac)
    {
        Process master = Router(_preferred, 150, virtualMac);
        ServedBy(_preferred);
        Router(_backup, 100, virtualMac);
        for (int round = 0; round < 2; round++)
        {
            Terminate(master);
            ServedBy(_backup);
            master = Router(_preferred, 150, virtualMac);
            ServedBy(_preferred);
        }
    }

    public void Dispose()
    {
        foreach (Process router in _routers)
        {
            if (!router.HasExited)
            {
                router.Kill(entireProcessTree: true);
                router.WaitForExit();
            }

            router.Dispose();
        }

        _lab.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Router(DeviceAdapter adapter, int priority, bool virtualMac)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, $"{_routers.Count}")).FullName, configuration = Path.Combine(folder, "keepalived.conf");
        File.WriteAllText(configuration, $"{Instance("v4", 51, $"{_vips[0]}/24")}{Instance("v6", 52, $"{_vips[1]}/64")}");
        Process process = adapter.Vm.Start(new ProcessStartInfo(
            "keepalived",
            [
                "--dont-fork", "--log-console", "--vrrp", "--use-file", configuration, "--pid", Path.Combine(folder, "pid"), "--vrrp_pid", Path.Combine(folder, "vrrp-pid"),
            ])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        });
        _routers.Add(process);
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Note(object sender, DataReceivedEventArgs line) => _said.Enqueue($"{adapter.V4}: {line.Data}");

        string Instance(string name, int router, string address) => $$"""
            vrrp_instance {{name}} {
              state BACKUP
              interface {{adapter.Interface}}
              {{(virtualMac ? $"use_vmac vrrp{router}" : string.Empty)}}
              virtual_router_id {{router}}
              priority {{priority}}
              advert_int 0.2
              version 3
              garp_master_delay 3600
              virtual_ipaddress { {{address}} }
            }

            """;
    }

    /// <summary>As a service manager ends it: it resigns and takes its addresses off.</summary>
    private static void Terminate(Process router)
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{router.Id}"]))
        {
            kill.WaitForExit();
        }

        Assert.True(router.WaitForExit(s_deadline), "keepalived does not end.");
    }

    /// <summary>The client reaches the addresses, and both hosts know where they are.</summary>
    private void ServedBy(DeviceAdapter adapter)
    {
        foreach (IPAddress vip in _vips)
        {
            Assert.True(
                SpinWait.SpinUntil(() => Reaches(vip) && Holds(adapter, vip, _lab.A) && Holds(adapter, vip, _lab.B), s_deadline),
                $"{vip} does not come to {adapter.V4}.\n{string.Join('\n', _said)}");
        }
    }

    private static bool Holds(DeviceAdapter adapter, IPAddress vip, DeviceHost seenFrom) => seenFrom.Dataplane.ReadLearned().Any(entry =>
        entry.Key == new RecordKey(adapter.Subnet.Vsid, vip) && entry.Value.DeadlineNs == 0 &&
        (adapter.Host == seenFrom ? entry.Value.PortId == adapter.PortId : entry.Value.Record.Pa == (KernelAddress)adapter.Host.Pa));

    private bool Reaches(IPAddress vip)
    {
        using Process ping = _client.Vm.Start(new ProcessStartInfo("ping", ["-c", "1", "-W", "1", vip.ToString()]) { UseShellExecute = false, RedirectStandardOutput = true });
        ping.StandardOutput.ReadToEnd();
        ping.WaitForExit();
        return ping.ExitCode == 0;
    }
}
