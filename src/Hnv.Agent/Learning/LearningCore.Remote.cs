using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Learning;

/// <summary>What other hosts' ports hold.</summary>
internal sealed partial class LearningCore
{
    /// <summary>Addresses of ports that moved here, as the host before knew them; waiting for the port to be bound.</summary>
    private readonly Dictionary<RecordKey, LearnedAddress> _handedOver = [];

    /// <summary>When a host's everything was told last (CLOCK_BOOTTIME).</summary>
    private readonly Dictionary<(Guid Network, KernelAddress Pa), ulong> _toldWhole = [];

    /// <summary>A stream begins: parts of the one before are void.</summary>
    public void OnConnected()
    {
        lock (_gate)
        {
            _remote.ForgetSections();
        }
    }

    /// <summary>The controller says who has what elsewhere. The message was checked before.</summary>
    public void OnLearned(LearnedMessage message)
    {
        lock (_gate)
        {
            IPAddress place = _terms.Choose(message.ProviderAddress, message.ProviderAddress6);
            KernelAddress pa = place;
            foreach (LearnedDeletion deletion in message.Delete)
            {
                ulong version = ((ulong)deletion.Epoch << 32) | deletion.Counter;
                Forget(new RecordKey(deletion.Vsid, deletion.Address), pa, version);
            }

            bool isHere = _terms.OwnAddresses.Contains(place);
            foreach (LearnedAddress put in message.Put)
            {
                if (!_terms.TryGetSubnet(put.Vsid, out SubnetTerms? subnet) || subnet.Network != message.Network)
                {
                    continue;
                }

                var key = new RecordKey(put.Vsid, put.Address);
                if (!isHere)
                {
                    _remote.Set(key, new RemoteEntry(put.Mac, pa, put.Epoch, put.Counter));
                    Settle(key);
                }
                else if (put.Port is not null)
                {
                    _remote.Remove(key);
                    _handedOver[key] = put;
                }
            }

            if (message.Section != LearnedSection.None && !isHere)
            {
                _remote.Name(message.Network, pa, message.Put.Select(static p => new RecordKey(p.Vsid, p.Address)));
            }

            if (message.Section == LearnedSection.Complete && !isHere)
            {
                _toldWhole[(message.Network, pa)] = _boot();
                foreach (RecordKey key in _remote.TakeUnnamed(message.Network, pa, _terms.SubnetsOf(message.Network)))
                {
                    Forget(key, pa, ulong.MaxValue);
                }
            }

            InstallHandedOver();
            Tell();
        }
    }

    /// <summary>The host at a provider address does not hold it any more, in this version or an older one.</summary>
    private void Forget(RecordKey key, KernelAddress pa, ulong version)
    {
        if (_remote.TryGet(key, out RemoteEntry? known) && known.Value.Pa == pa && known.Value.Version <= version)
        {
            _remote.Remove(key);
        }

        if (_dataplane.TryReadLearned(key, out LearnedEntry entry) && entry.Record.Ifindex == 0 && entry.Record.Pa == pa && entry.Version <= version && !entry.IsChallenged)
        {
            _dataplane.RemoveLearned(key);
        }
    }

    /// <summary>Brings what the controller says of another host into the map, if it is not known better there.</summary>
    private void Settle(RecordKey key)
    {
        if (!_remote.TryGet(key, out RemoteEntry? found))
        {
            return;
        }

        RemoteEntry remote = found.Value;
        if (!_dataplane.TryReadLearned(key, out LearnedEntry entry))
        {
            Put(key, remote.ToLearned(_boot()));
        }
        else if (IsOwn(entry))
        {
            // The controller decides who has the better right, when it is told of this claim.
            Note(key, entry, null);
        }
        else if (entry.Record.Ifindex != 0)
        {
            // Of a port that is here no more; one that policy does not name yet may still be in use.
            if (_terms.TryGetSubnet(key.Vsid.ToHost(), out SubnetTerms? subnet) && _terms.IsSettled(subnet.Network))
            {
                Put(key, remote.ToLearned(_boot()));
            }
        }
        else if (entry.Source == LearnSource.Peer && _terms.HasFamilyOf(entry.Record.Pa) && !_terms.HasFamilyOf(remote.Pa))
        {
            // Heard on the wire, from an address that this host reaches; the controller names one that it does not.
        }
        else if (!entry.IsChallenged && (remote.Version > entry.Version || (remote.Version == entry.Version && !IsSame(remote, entry))))
        {
            Put(key, remote.ToLearned(_boot()));
        }
    }

    private static bool IsSame(RemoteEntry remote, in LearnedEntry entry) =>
        remote.Mac == entry.Record.Mac && remote.Pa == entry.Record.Pa && entry.Source == LearnSource.Controller;

    /// <summary>
    /// Addresses moved here with their port: the VM has not said so here, and need not. What it said here already counts more.
    /// </summary>
    private void InstallHandedOver()
    {
        foreach ((RecordKey key, LearnedAddress address) in _handedOver.ToArray())
        {
            if (_terms.PortOf(address.Port!) is not { InterfaceIndex: { } index } port)
            {
                if (_terms.IsInSync && _terms.PortOf(address.Port!) is null && !_terms.TryGetSubnet(address.Vsid, out _))
                {
                    _handedOver.Remove(key);
                }

                continue;
            }

            _handedOver.Remove(key);
            if (IsForgotten(key, address.Port, address.Epoch))
            {
                continue;
            }

            if (_dataplane.TryReadLearned(key, out LearnedEntry there) && (IsOwn(there) || there.Version > (((ulong)address.Epoch << 32) | address.Counter)))
            {
                continue;
            }

            Put(key, default(LearnedEntry) with
            {
                Record = RecordEntry.Local(address.Mac, RecordKind.Dynamic, index), PortId = port.Number, SeenNs = _boot(), Epoch = address.Epoch, Counter = address.Counter,
                Source = address.Source.ToKernel(),
            });
            Look(key, null);
        }
    }
}
