using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Bpf;

/// <summary>
/// The reading end of a ring buffer that programs write to (BPF_MAP_TYPE_RINGBUF). For one thread, except <see cref="Stop"/>; and one
/// reader a map: what one has read is gone for all.
/// <code>
///   page 0: position of the reader │ page 1: position of the writers │ data, twice in a row, so that no record is torn at the end
/// </code>
/// A record begins with its length (bit 31: still being written; bit 30: thrown away) and its page; it is padded to 8 bytes.
/// </summary>
public sealed unsafe class BpfRingBuffer : IDisposable
{
    private const uint Busy = 1u << 31;
    private const uint Discarded = 1u << 30;
    private const int HeaderSize = 8;

    private readonly BpfMap _map;
    private readonly SafeFileHandle _stop = Libc.NewEvent();
    private readonly nuint _page = (nuint)Environment.SystemPageSize;
    private readonly ulong _mask;
    private readonly nuint _sharedSize;
    private readonly ulong* _consumed;
    private readonly ulong* _produced;
    private readonly byte* _data;
    private bool _disposed;

    /// <summary>Takes a record; the bytes are the kernel's, and valid during the call only.</summary>
    public delegate void RecordReader(ReadOnlySpan<byte> record);

    /// <param name="map">Stays the caller's, and must live as long as this.</param>
    /// <exception cref="BpfException">The map is of another type, or cannot be mapped.</exception>
    public BpfRingBuffer(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        _map = map;
        if (map.Info.Type != BpfMapType.RingBuffer)
        {
            _stop.Dispose();
            throw new BpfException($"read {map} as a ring buffer", Errno.EINVAL);
        }

        _mask = (ulong)map.Info.MaxEntries - 1;
        _sharedSize = _page + (2 * (nuint)map.Info.MaxEntries);
        nint own = Libc.Map(0, _page, Libc.ProtectReadWrite, Libc.MapShared, map.Handle, 0);
        nint shared = own == -1 ? -1 : Libc.Map(0, _sharedSize, Libc.ProtectRead, Libc.MapShared, map.Handle, (nint)_page);
        if (shared == -1)
        {
            var failure = BpfException.FromLastError($"map the memory of {map}");
            if (own != -1)
            {
                Libc.Unmap(own, _page);
            }

            _stop.Dispose();
            throw failure;
        }

        _consumed = (ulong*)own;
        _produced = (ulong*)shared;
        _data = (byte*)shared + _page;
    }

    /// <summary>Waits for a record.</summary>
    /// <returns>False when stopped.</returns>
    /// <exception cref="LinuxException">poll failed.</exception>
    public bool Wait()
    {
        using var map = new FdLease(_map.Handle);
        using var stop = new FdLease(_stop);
        Libc.PollEntry* entries = stackalloc Libc.PollEntry[2];
        entries[0] = new Libc.PollEntry { Fd = map.Fd, Events = Libc.PollEntry.Readable };
        entries[1] = new Libc.PollEntry { Fd = stop.Fd, Events = Libc.PollEntry.Readable };
        while (Libc.Poll(entries, 2, -1) < 0)
        {
            if (LinuxException.LastErrno != Errno.EINTR)
            {
                throw LinuxException.FromLastError($"wait for {_map}");
            }
        }

        return entries[1].Returned == 0;
    }

    /// <summary>Hands over all records that are there; one that a program is still writing ends it.</summary>
    /// <returns>How many.</returns>
    public int Read(RecordReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ObjectDisposedException.ThrowIf(_disposed, this);
        int read = 0;
        ulong position = *_consumed;
        while (position < Volatile.Read(ref *_produced))
        {
            byte* record = _data + (position & _mask);
            uint header = Volatile.Read(ref *(uint*)record);
            if ((header & Busy) != 0)
            {
                break;
            }

            uint length = header & ~Discarded;
            try
            {
                if ((header & Discarded) == 0)
                {
                    reader(new ReadOnlySpan<byte>(record + HeaderSize, (int)length));
                    read++;
                }
            }
            finally
            {
                position += (length + HeaderSize + 7) & ~7u;
                Volatile.Write(ref *_consumed, position);
            }
        }

        return read;
    }

    /// <summary>Ends <see cref="Wait"/>, now and from now on. Any thread may call it.</summary>
    public void Stop()
    {
        ulong one = 1;
        if (Libc.Write(_stop, (byte*)&one, sizeof(ulong)) < 0)
        {
            throw LinuxException.FromLastError("wake the reader of a ring buffer");
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Libc.Unmap((nint)_consumed, _page);
            Libc.Unmap((nint)_produced, _sharedSize);
            _stop.Dispose();
        }
    }
}
