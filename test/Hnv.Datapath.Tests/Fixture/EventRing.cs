using System.Runtime.InteropServices;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>
/// The ring buffer of events, read to its end on demand. A page with the consumer's position, one with the producer's, then the data, mapped twice in
/// a row; each record is led by 8 bytes: its length, whose two upper bits say that it is not finished, or void.
/// </summary>
internal sealed partial class EventRing : IDisposable
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Shared = 1;
    private const uint Unfinished = 1u << 31;
    private const uint Discarded = 1u << 30;

    private readonly int _size;
    private readonly nint _consumer;
    private readonly nint _producer;

    public EventRing(BpfMap map)
    {
        _size = (int)map.Info.MaxEntries;
        _consumer = Map(map.Handle, Environment.SystemPageSize, Read | Write, 0);
        _producer = Map(map.Handle, Environment.SystemPageSize + (2 * _size), Read, Environment.SystemPageSize);
    }

    /// <summary>Everything that was told since the last call.</summary>
    public IReadOnlyList<LearnEvent> Drain()
    {
        var events = new List<LearnEvent>();
        long at = Marshal.ReadInt64(_consumer), end = Marshal.ReadInt64(_producer);
        while (at < end)
        {
            nint header = _producer + Environment.SystemPageSize + (nint)(at & (_size - 1));
            uint length = (uint)Marshal.ReadInt32(header);
            Assert.Equal(0u, length & Unfinished);
            if ((length & Discarded) == 0)
            {
                events.Add(Marshal.PtrToStructure<LearnEvent>(header + 8));
            }

            at += 8 + (((length & ~Discarded) + 7) & ~7);
        }

        Marshal.WriteInt64(_consumer, at);
        return events;
    }

    public void Dispose()
    {
        _ = munmap(_consumer, (nuint)Environment.SystemPageSize);
        _ = munmap(_producer, (nuint)(Environment.SystemPageSize + (2 * _size)));
    }

    private static nint Map(SafeFileHandle handle, int length, int protection, int offset)
    {
        nint address = mmap(0, (nuint)length, protection, Shared, handle, offset);
        return address != -1 ? address : throw new InvalidOperationException($"mmap of the ring buffer: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);
}
