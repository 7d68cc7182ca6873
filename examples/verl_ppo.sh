#!/usr/bin/env bash
# A launch script as verl's examples have it; examples/verl-ppo.yaml takes its arguments from here.
set -x
export VLLM_USE_V1=1
DATA=${DATA:-data/gsm8k}

python3 -m verl.trainer.main_ppo \
    algorithm.adv_estimator=gae \
    data.train_files=$DATA/train.parquet \
    data.val_files=$DATA/validation.parquet \
    data.max_prompt_length=512 \
    data.max_response_length=512 \
    data.filter_overlong_prompts=True \
    data.truncation='error' \
    actor_rollout_ref.model.use_remove_padding=True \
    actor_rollout_ref.model.enable_gradient_checkpointing=True \
    actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=16 \
    actor_rollout_ref.rollout.name=vllm \
    actor_rollout_ref.rollout.tensor_model_parallel_size=1 \
    actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=32 \
    critic.model.use_remove_padding=True \
    critic.ppo_micro_batch_size_per_gpu=32 \
    trainer.critic_warmup=0 \
    trainer.logger='["console","wandb"]' "$@"
