using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Learning;

/// <summary>Reads the ring buffer on a thread of its own into a bounded queue.</summary>
internal sealed class LearnEvents : ILearnEvents
{
    private const int Capacity = 16_384;

    private readonly BpfRingBuffer _ring;
    private readonly Thread _thread;
    private readonly Channel<LearnEvent> _queue = Channel.CreateBounded<LearnEvent>(new BoundedChannelOptions(Capacity) { SingleWriter = true });
    private int _overrun;

    /// <param name="map">The ring buffer; stays the caller's.</param>
    public LearnEvents(BpfMap map)
    {
        _ring = new BpfRingBuffer(map);
        _thread = new Thread(Run) { IsBackground = true, Name = "hnv-events" };
        _thread.Start();
    }

    public ValueTask<bool> WaitAsync(CancellationToken ct) => _queue.Reader.WaitToReadAsync(ct);

    public bool TryRead([NotNullWhen(true)] out LearnEvent? e)
    {
        bool read = _queue.Reader.TryRead(out LearnEvent next);
        e = read ? next : null;
        return read;
    }

    public bool TakeOverrun() => Interlocked.Exchange(ref _overrun, 0) != 0;

    public void Dispose()
    {
        _ring.Stop();
        _thread.Join();
        _ring.Dispose();
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            while (_ring.Wait())
            {
                if (_ring.Read(Take) == 0)
                {
                    // A program is in the middle of writing one.
                    Thread.Sleep(0);
                }
            }
        }
        catch (Linux.LinuxException e)
        {
            failure = e; // Thrown where the events are waited for.
        }

        _queue.Writer.Complete(failure);
    }

    private void Take(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out LearnEvent e) || !_queue.Writer.TryWrite(e))
        {
            Volatile.Write(ref _overrun, 1);
        }
    }
}
