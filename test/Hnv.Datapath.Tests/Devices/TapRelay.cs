using Hnv.Linux.Packets;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Carries frames between a port's tap and the tap that is the VM's adapter, unfinished ones with their vnet headers.</summary>
internal sealed class TapRelay : IDisposable
{
    private const int Largest = 128 * 1024;
    private readonly TapDevice _port;
    private readonly TapDevice _adapter;
    private readonly List<Thread> _threads = [];
    private volatile bool _stop;
    private int _largestToVm;

    public TapRelay(TapDevice port, TapDevice adapter)
    {
        (_port, _adapter) = (port, adapter);
        foreach (TapDevice tap in (ReadOnlySpan<TapDevice>)[port, adapter])
        {
            tap.SetOffload(TapOffloads.Checksum | TapOffloads.Tso4 | TapOffloads.Tso6);
        }
    }

    /// <summary>Bytes of the largest frame that the host delivered in one piece.</summary>
    public int LargestToVm => Volatile.Read(ref _largestToVm);

    public void ForgetLargest() => Volatile.Write(ref _largestToVm, 0);

    /// <summary>When both interfaces are up.</summary>
    public void Start()
    {
        Carry(_port, _adapter, length => Volatile.Write(ref _largestToVm, Math.Max(_largestToVm, length)));
        Carry(_adapter, _port, _ => { });
    }

    public void Dispose()
    {
        _stop = true;
        _threads.ForEach(thread => thread.Join());
        _port.Dispose();
        _adapter.Dispose();
    }

    private void Carry(TapDevice from, TapDevice to, Action<int> seen)
    {
        var thread = new Thread(() =>
        {
            byte[] buffer = new byte[Largest];
            while (!_stop)
            {
                int length = from.Read(buffer, TimeSpan.FromMilliseconds(50));
                if (length > 0)
                {
                    seen(length - VirtioNetHeader.Size);
                    to.Write(buffer.AsSpan(0, length));
                }
            }
        }) { IsBackground = true, Name = $"relay from {from.Name}" };
        thread.Start();
        _threads.Add(thread);
    }
}
