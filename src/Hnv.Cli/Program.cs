using Hnv.Cli;

return await CliApplication.RunAsync(args, CliEnvironment.OfProcess());
