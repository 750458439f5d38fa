using System.CommandLine;
using Hnv.Lab.Machine;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab relay</c>: the process behind a VM with <c>device: tap</c>. Started by the lab, hidden in the help.</summary>
internal static class LabRelayCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<string> hostNamespace = new("HOST-NAMESPACE"), hostInterface = new("HOST-INTERFACE"), vmNamespace = new("VM-NAMESPACE"), vmInterface = new("VM-INTERFACE");
        var control = new Argument<string>("CONTROL") { Description = "Socket that takes 'prepare NAMESPACE INTERFACE' and 'switch'" };
        Command command = new Command("relay", "Moves frames between two taps, as QEMU does").With(hostNamespace, hostInterface, vmNamespace, vmInterface, control)
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                await TapRelay.RunAsync(a.GetValue(hostNamespace)!, a.GetValue(hostInterface)!, a.GetValue(vmNamespace)!, a.GetValue(vmInterface)!, a.GetValue(control)!, token);
                return ExitCodes.Done;
            });
        command.Hidden = true;
        return command;
    }
}
